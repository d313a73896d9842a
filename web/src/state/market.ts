import { accessFromAddress } from '@/client/access';
import { MarketClient } from '@/client/market';
import { scpAccess } from '@/api/scp';

const given = accessFromAddress(location.search);

/** Whether the page talks to a WDS that its address names, without an SCP. */
export const isDevelopment = given !== null;

/** The page's only client. */
export const market = new MarketClient(
  given === null ? scpAccess() : () => Promise.resolve(given),
  (url) => new WebSocket(url),
  (paint) => requestAnimationFrame(paint),
);

addEventListener('online', () => market.hurry());
