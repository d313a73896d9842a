import {
  CandlestickSeries,
  createChart,
  createSeriesMarkers,
  CrosshairMode,
  HistogramSeries,
  LineSeries,
  LineStyle,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type SeriesMarker,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import { priceDecimals } from '@/format/numbers';
import type { Bar } from '@/generated/feeds';
import type { SessionName } from '@/client/sessions';
import { changedBars, chartTime, dayVwap, spans } from './day';
import { SessionShading, type ShadingColours } from './session_shading';

/** Something to mark at a bar: an alert, a halt. */
export interface ChartMark {
  ms: number;
  kind: 'high' | 'low' | 'halted' | 'resumed';
}

const VOLUME_SCALE = 'volume';

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function time(ms: number): UTCTimestamp {
  return chartTime(ms) as UTCTimestamp;
}

/** One symbol's candles, volume, the day's VWAP and its sessions, in a box of fixed size. */
export class PriceChart {
  private readonly chart: IChartApi;
  private readonly candles: ISeriesApi<'Candlestick'>;
  private readonly volume: ISeriesApi<'Histogram'>;
  private readonly vwap: ISeriesApi<'Line'>;
  private readonly shading: SessionShading;
  private readonly markers: ISeriesMarkersPluginApi<Time>;
  private shown: readonly Bar[] = [];
  private volumeUp = '';
  private volumeDown = '';

  constructor(box: HTMLElement, width: number, height: number) {
    this.chart = createChart(box, {
      width,
      height,
      layout: { attributionLogo: true, fontSize: 11 },
      crosshair: { mode: CrosshairMode.Normal },
      timeScale: { timeVisible: true, secondsVisible: false, rightOffset: 4, borderVisible: false },
      rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.06, bottom: 0.22 } },
    });
    this.candles = this.chart.addSeries(CandlestickSeries, { borderVisible: false });
    this.volume = this.chart.addSeries(HistogramSeries, {
      priceScaleId: VOLUME_SCALE,
      priceFormat: { type: 'volume' },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.chart.priceScale(VOLUME_SCALE).applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.vwap = this.chart.addSeries(LineSeries, {
      lineWidth: 1,
      lastValueVisible: false,
      priceLineVisible: false,
      crosshairMarkerVisible: false,
    });
    this.shading = new SessionShading(shadingColours());
    this.candles.attachPrimitive(this.shading);
    this.markers = createSeriesMarkers(this.candles, []);
    this.paint();
  }

  /** Takes the page's colours. */
  paint(): void {
    const grid = { color: colour('--line') };
    this.chart.applyOptions({
      layout: {
        background: { color: colour('--panel') },
        textColor: colour('--muted'),
        fontFamily: colour('--font'),
      },
      grid: { vertLines: grid, horzLines: grid },
      crosshair: {
        vertLine: { color: colour('--muted'), style: LineStyle.Dotted },
        horzLine: { color: colour('--muted'), style: LineStyle.Dotted },
      },
    });
    this.volumeUp = `${colour('--up')}66`;
    this.volumeDown = `${colour('--down')}66`;
    const [up, down] = [colour('--up'), colour('--down')];
    this.candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
    this.vwap.applyOptions({ color: colour('--violet') });
    this.shading.paint(shadingColours());
    this.shown = [];
  }

  /** Shows bars, given in order of time; returns whether all of them had to be told anew. */
  show(bars: readonly Bar[], sessionAt: (ms: number) => SessionName | null): boolean {
    const changed = changedBars(this.shown, bars);
    const averages = dayVwap(bars);
    if (changed === null) {
      const decimals = priceDecimals(bars.at(-1)?.c ?? 1);
      this.candles.applyOptions({
        priceFormat: { type: 'price', precision: decimals, minMove: 10 ** -decimals },
      });
      this.candles.setData(bars.map(candle));
      this.volume.setData(bars.map((bar) => this.column(bar)));
      this.vwap.setData(
        bars.flatMap((bar, at) =>
          averages[at] === null ? [] : [{ time: time(bar.t), value: averages[at]! }],
        ),
      );
    } else {
      for (const bar of changed) {
        this.candles.update(candle(bar));
        this.volume.update(this.column(bar));
        const average = averages[bars.indexOf(bar)];
        if (average !== null && average !== undefined)
          this.vwap.update({ time: time(bar.t), value: average });
      }
    }
    this.shown = bars;
    this.shading.show(spans(bars, sessionAt));
    return changed === null;
  }

  /** Marks alerts and halts, in order of time. */
  mark(marks: readonly ChartMark[], barMs: number): void {
    const first = this.shown[0]?.t ?? Infinity;
    const last = (this.shown.at(-1)?.t ?? 0) + barMs;
    const seen = new Set<string>();
    const shown = marks.flatMap((mark): SeriesMarker<Time>[] => {
      const start = Math.floor(mark.ms / barMs) * barMs;
      const key = `${start} ${mark.kind}`;
      if (mark.ms < first || mark.ms >= last || seen.has(key)) return [];
      seen.add(key);
      return [{ time: time(start), ...LOOKS[mark.kind], color: colour(MARK_COLOURS[mark.kind]) }];
    });
    this.markers.setMarkers(shown);
  }

  /** Shows the newest bars, so many of them. */
  showNewest(count: number): void {
    const end = this.shown.length + 4;
    this.chart.timeScale().setVisibleLogicalRange({ from: end - count, to: end });
  }

  resize(width: number, height: number): void {
    this.chart.resize(width, height);
  }

  remove(): void {
    this.chart.remove();
  }

  private column(bar: Bar): { time: UTCTimestamp; value: number; color: string } {
    return { time: time(bar.t), value: bar.v, color: bar.c >= bar.o ? this.volumeUp : this.volumeDown };
  }
}

const LOOKS = {
  high: { position: 'aboveBar', shape: 'arrowUp', size: 0.6 },
  low: { position: 'belowBar', shape: 'arrowDown', size: 0.6 },
  halted: { position: 'aboveBar', shape: 'square', size: 1, text: 'H' },
  resumed: { position: 'aboveBar', shape: 'circle', size: 1, text: 'R' },
} as const;
const MARK_COLOURS = { high: '--up', low: '--down', halted: '--warn', resumed: '--warn' } as const;

function candle(bar: Bar): { time: UTCTimestamp; open: number; high: number; low: number; close: number } {
  return { time: time(bar.t), open: bar.o, high: bar.h, low: bar.l, close: bar.c };
}

function shadingColours(): ShadingColours {
  return {
    preMarket: colour('--shade-pre'),
    afterHours: colour('--shade-after'),
    line: colour('--line-strong'),
  };
}
