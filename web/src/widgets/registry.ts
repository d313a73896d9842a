import { defineAsyncComponent, type Component } from 'vue';
import { FEEDS } from '@/generated/feeds';
import BoardWidget from './BoardWidget.vue';
import CompanyOverview from './CompanyOverview.vue';
import HaltsWidget from './HaltsWidget.vue';
import NewsFeed from './NewsFeed.vue';
import QuoteCard from './QuoteCard.vue';
import QuoteWidget from './QuoteWidget.vue';
import RangeAlerts from './RangeAlerts.vue';
import RuleAlerts from './RuleAlerts.vue';
import ScreenerWidget from './ScreenerWidget.vue';
import TopTrades from './TopTrades.vue';
import WatchListWidget from './WatchListWidget.vue';

// The chart's library is as large as the rest of the page: what stands around it is drawn first.
const ChartWidget = defineAsyncComponent(() => import('./ChartWidget.vue'));

/** A kind of widget: how it is called, what draws it, and how large it begins. */
export interface WidgetKind {
  type: string;
  title: string;
  description: string;
  size: { w: number; h: number };
  component: Component;
  props?: Record<string, unknown>;
}

/** Every kind of widget, in the order of the menu that adds them. */
export const WIDGETS: readonly WidgetKind[] = [
  {
    type: 'top_gainers',
    title: 'Top Gainers',
    description: 'The most since the session began: 04:00, from 09:30 on 09:30',
    size: { w: 8, h: 12 },
    component: BoardWidget,
    props: { feed: FEEDS.TOP_GAINERS.pattern, title: 'Top Gainers', ranks: 'open_change' },
  },
  {
    type: 'top_gappers',
    title: 'Top Gappers',
    description: 'The most since the previous close',
    size: { w: 8, h: 12 },
    component: BoardWidget,
    props: { feed: FEEDS.TOP_GAPPERS.pattern, title: 'Top Gappers', ranks: 'gap' },
  },
  {
    type: 'top_volume',
    title: 'Top Volume',
    description: 'The most shares since 04:00',
    size: { w: 8, h: 12 },
    component: BoardWidget,
    props: { feed: FEEDS.TOP_VOLUME.pattern, title: 'Top Volume', ranks: 'volume' },
  },
  {
    type: 'watch_list',
    title: 'Watch list',
    description: 'Symbols of your own choice, live; several lists',
    size: { w: 8, h: 10 },
    component: WatchListWidget,
  },
  {
    type: 'quote',
    title: 'Quote',
    description: 'Last price, bid and ask, and the day of one symbol',
    size: { w: 4, h: 8 },
    component: QuoteWidget,
  },
  {
    type: 'quote_card',
    title: 'Quote card',
    description: "One symbol's ranges of the day's sessions as bars",
    size: { w: 4, h: 8 },
    component: QuoteCard,
  },
  {
    type: 'range_alerts',
    title: 'Daily range alerts',
    description: 'New highs and lows of the session, one line and one sound a move',
    size: { w: 8, h: 10 },
    component: RangeAlerts,
  },
  {
    type: 'rule_alerts',
    title: 'Alerts',
    description: 'What your own alert rules said',
    size: { w: 8, h: 10 },
    component: RuleAlerts,
  },
  {
    type: 'news',
    title: 'News',
    description: 'All articles, newest first',
    size: { w: 8, h: 8 },
    component: NewsFeed,
  },
  {
    type: 'company_news',
    title: 'Company news',
    description: 'The articles of one symbol',
    size: { w: 6, h: 8 },
    component: NewsFeed,
    props: { ofSymbol: true },
  },
  {
    type: 'chart',
    title: 'Chart',
    description: 'Candles, volume, VWAP and sessions of one symbol',
    size: { w: 10, h: 11 },
    component: ChartWidget,
  },
  {
    type: 'halts',
    title: 'Halts',
    description: 'Halted and resumed symbols, with their price bands',
    size: { w: 8, h: 8 },
    component: HaltsWidget,
  },
  {
    type: 'top_trades',
    title: 'Top trades',
    description: 'Symbols by the volume of their last 1,000 trades',
    size: { w: 8, h: 8 },
    component: TopTrades,
  },
  {
    type: 'screener',
    title: 'Screener',
    description: 'A board of your own, made by the server over all symbols',
    size: { w: 8, h: 12 },
    component: ScreenerWidget,
  },
  {
    type: 'company',
    title: 'Company',
    description: 'Who a company is, its size, and its short interest',
    size: { w: 5, h: 10 },
    component: CompanyOverview,
  },
];

const BY_TYPE = new Map(WIDGETS.map((widget) => [widget.type, widget]));

/** Returns a kind of widget by its type. */
export function widgetOf(type: string): WidgetKind | undefined {
  return BY_TYPE.get(type);
}
