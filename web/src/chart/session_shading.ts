import type {
  IChartApi,
  ISeriesApi,
  ISeriesPrimitive,
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  SeriesAttachedParameter,
  Time,
} from 'lightweight-charts';
import { chartTime, type Span } from './day';

/** Colours of the shading, as CSS. */
export interface ShadingColours {
  preMarket: string;
  afterHours: string;
  line: string;
}

type Target = Parameters<IPrimitivePaneRenderer['draw']>[0];

/** Shades what is not regular trading, and draws each session's high and low as dashed lines. */
export class SessionShading implements ISeriesPrimitive<Time> {
  private chart: IChartApi | null = null;
  private series: ISeriesApi<'Candlestick'> | null = null;
  private update: (() => void) | null = null;
  private spans: readonly Span[] = [];
  private readonly views: readonly IPrimitivePaneView[] = [
    { zOrder: () => 'bottom', renderer: () => ({ draw: (target) => this.shade(target) }) },
    { zOrder: () => 'normal', renderer: () => ({ draw: (target) => this.drawBounds(target) }) },
  ];

  constructor(private colours: ShadingColours) {}

  attached(parameter: SeriesAttachedParameter<Time>): void {
    this.chart = parameter.chart as IChartApi;
    this.series = parameter.series as ISeriesApi<'Candlestick'>;
    this.update = parameter.requestUpdate;
  }

  detached(): void {
    this.chart = this.series = this.update = null;
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.views;
  }

  /** Shows other sessions. */
  show(spans: readonly Span[]): void {
    this.spans = spans;
    this.update?.();
  }

  paint(colours: ShadingColours): void {
    this.colours = colours;
    this.update?.();
  }

  private shade(target: Target): void {
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      for (const span of this.spans) {
        if (span.session !== 'pre_market' && span.session !== 'after_hours') continue;
        const edges = this.edges(span);
        if (edges === null) continue;
        context.fillStyle = span.session === 'pre_market' ? this.colours.preMarket : this.colours.afterHours;
        context.fillRect(edges.left, 0, edges.right - edges.left, mediaSize.height);
      }
    });
  }

  private drawBounds(target: Target): void {
    target.useMediaCoordinateSpace(({ context }) => {
      context.strokeStyle = this.colours.line;
      context.lineWidth = 1;
      context.setLineDash([3, 3]);
      for (const span of this.spans) {
        const edges = this.edges(span);
        if (edges === null || span.session === 'closed') continue;
        for (const price of [span.high, span.low]) {
          const y = this.series?.priceToCoordinate(price);
          if (y === null || y === undefined) continue;
          context.beginPath();
          context.moveTo(edges.left, Math.round(y) + 0.5);
          context.lineTo(edges.right, Math.round(y) + 0.5);
          context.stroke();
        }
      }
      context.setLineDash([]);
    });
  }

  private edges(span: Span): { left: number; right: number } | null {
    const scale = this.chart?.timeScale();
    const left = scale?.timeToCoordinate(chartTime(span.startMs) as Time);
    const right = scale?.timeToCoordinate(chartTime(span.endMs) as Time);
    if (left === null || left === undefined || right === null || right === undefined) return null;
    const half = (scale!.options().barSpacing ?? 6) / 2;
    return { left: left - half, right: right + half };
  }
}
