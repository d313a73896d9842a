import { keyOf } from '@/client/feeds';
import { FEEDS } from '@/generated/feeds';
import { screeners } from '@/screeners/screeners';
import { watchLists } from '@/watchlists/watchlists';
import { COMMON_BOARDS, type Names } from './words';

const PREFIX = keyOf(FEEDS.SCREENER, '');

/** What the user calls watch lists and boards. */
export const names: Names = {
  ofList: (list) => watchLists.find(list)?.name,
  ofBoard: (feed) => COMMON_BOARDS[feed] ?? screeners.titleOf(feed.slice(PREFIX.length)),
};
