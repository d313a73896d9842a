import { fromText, ScreenerError } from './definition';
import { screeners } from './screeners';

/** Opens the screener that the page's address holds, once: a reload does not open it again. */
export function openLinked(): void {
  const url = new URL(location.href);
  if (!url.searchParams.has('screener')) return;
  try {
    screeners.create(fromText(url.href));
  } catch (error) {
    if (!(error instanceof ScreenerError)) throw error;
    screeners.manage();
    screeners.notice = `The link holds no screener: ${error.message}`;
  }
  url.searchParams.delete('screener');
  history.replaceState(null, '', url);
}
