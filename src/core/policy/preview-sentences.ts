// A preview's numbers as sentences, the same on the command line and in the terminal's dialog. Pure; knows no width and no style.
import type { PreviewResult } from './preview.ts';
import { openText, reachText } from './preview-node.ts';
import { notRead, refusedInKernel } from './preview-tally.ts';

/** What the preview ran over: what was seen of late, or all of a recording. */
export type PreviewWindow = 'seen' | 'recorded';

/** Rows of callers and routes spelled out; the rest is counted. */
const shownRows = 5;

const number = (value: number): string => value.toLocaleString('en-US');
const requests = (value: number): string => `${number(value)} request${value === 1 ? '' : 's'}`;
/** `shop/Deployment/web` as `web`: the short name people use; the long one is in the policy. */
const shortName = (id: string): string => id.split('/').at(-1) ?? id;

function percent(part: number, whole: number): string {
  if (whole === 0) return '';
  const share = (part / whole) * 100;
  if (share === 0) return ' (0 %)';
  return ` (${share < 0.1 ? '<0.1' : share.toFixed(1)} %)`;
}

/** Malformed requests among the flips: nothing but a request that cannot be judged is refused with 400. */
function malformedText({ byRoute, truncated }: PreviewResult): string {
  const count = byRoute
    .flatMap(({ transitions }) => transitions)
    .reduce((sum, { to, count: flips }) => sum + (to === 400 ? flips : 0), 0);
  if (count === 0) return '';
  const least = truncated ? 'at least ' : '';
  return ` Of the flips, ${least}${number(count)} would be ${count === 1 ? 'a malformed request' : 'malformed requests'}, refused with 400.`;
}

/** `In the 9 min 58 s seen, `; empty when nothing was. */
function windowText(result: PreviewResult, over: PreviewWindow): string {
  if (result.windowStart === undefined || result.windowEnd === undefined) return '';
  const spanMs = Date.parse(result.windowEnd) - Date.parse(result.windowStart);
  const seconds = Math.max(1, Math.round(spanMs / 1_000));
  const text = seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `In the ${text} ${over}, `;
}

/** Whose flips they are, the most concerned callers by name. */
function whoseText({ byCaller }: PreviewResult): string {
  const [top] = byCaller;
  if (byCaller.length === 1 && top !== undefined) return `all from ${shortName(top.caller)}`;
  const named = byCaller.slice(0, 3).map(({ caller, flips }) => `${shortName(caller)} (${number(flips)})`);
  return `from ${named.join(', ')}${byCaller.length > 3 ? ` and ${byCaller.length - 3} more callers` : ''}`;
}

/** What a policy that would go has done, by its own verdicts, and what it would have done before it was there. */
function removalHeadline(result: PreviewResult, earlier: number, over: PreviewWindow): string {
  const refused = result.toAllowed === 0 ? 'none' : number(result.toAllowed);
  const whose = result.toAllowed === 0 ? '' : `, ${whoseText(result)}`;
  const more =
    earlier === 0 ? '' : ` It would also have refused ${number(earlier)} that came before it was there.`;
  return `${windowText(result, over)}it has refused ${refused} of ${requests(result.total)}${whose}.${more}`;
}

/**
 * The headline: how many of how many would flip, whose they are, and what it costs everybody else.
 * @param focused false when the preview was made without `focusCaller`: then no caller is meant more than another.
 */
export function previewHeadline(result: PreviewResult, focused = true, over: PreviewWindow = 'seen'): string {
  if (result.total === 0) return 'Nothing was seen yet, so nothing is known of its effect.';
  if (result.earlier !== undefined && result.toRefused === 0)
    return removalHeadline(result, result.earlier, over);
  const flips = `${windowText(result, over)}${number(result.flips)} of ${requests(result.total)} would flip${percent(result.flips, result.total)}`;
  if (result.flips === 0) return `${flips}.`;
  const whose = whoseText(result);
  const cost = focused
    ? `${number(result.othersSuccessFlips)} successful ${result.othersSuccessFlips === 1 ? 'request' : 'requests'} of anyone else`
    : `${number(result.successFlips)} of them had succeeded`;
  // Where nothing would be refused and nobody is meant, there is no cost to name.
  const headline = focused || result.toRefused > 0 ? `${flips}, ${whose}; ${cost}.` : `${flips}, ${whose}.`;
  return headline + malformedText(result);
}

/** A status as a word where there is none. */
export function answerWord(status: number): string {
  if (status === 0) return 'no answer';
  return status === notRead ? 'not read' : `${status}`;
}

/** What somebody would get instead, as a word where it is no status. */
export function outcomeWord(to: number): string {
  if (to === 0) return 'let through';
  return to === refusedInKernel ? 'refused' : `${to}`;
}

/** Harm that no status tells of; '' where there is none. */
export const unreadHarm = ({ unreadFlips: count = 0 }: PreviewResult): string =>
  count === 0
    ? ''
    : `${requests(count)} that would be refused ${count === 1 ? 'was' : 'were'} answered, status not read`;

/** What `failure: Open` means for streams seen that nobody can read; '' where there were none. */
export function unreadText({ passingUnread: count = 0 }: PreviewResult): string {
  if (count === 0) return '';
  const streams = count === 1 ? '1 stream that is' : `${number(count)} streams that are`;
  return `${streams} not readable HTTP (TLS, for example) would pass it: its failure is Open; failure: Closed refuses them`;
}

function routeLines(result: PreviewResult, rows: number): string[] {
  const lines = result.byRoute.slice(0, rows).map(({ caller, route, flips, transitions }) => {
    const changes = transitions
      .map(({ from, to, count }) => `${answerWord(from)}→${outcomeWord(to)} ${number(count)}`)
      .join('  ');
    return `  ${shortName(caller)}  ${number(flips)}  ${route}  ${changes}`;
  });
  const rest = result.byRoute.length - lines.length;
  return rest > 0 ? [...lines, `  … and ${rest} more routes`] : lines;
}

/**
 * All lines: headline, callers and routes, open connections, and what is not known.
 * @param rows routes listed at most; the rest is counted.
 */
export function previewSentences(result: PreviewResult, focused = true, rows = shownRows): readonly string[] {
  const open = result.openConnections.reduce((sum, { count }) => sum + count, 0);
  const reach = reachText(result.onNode);
  return [
    previewHeadline(result, focused),
    ...routeLines(result, rows),
    ...(reach === '' ? [] : [`On this node: ${reach}.`]),
    ...(open > 0
      ? [
          `${number(open)} open connection${open === 1 ? '' : 's'} concerned: ${result.openConnections.map(({ pair, count }) => `${pair.split('>').map(shortName).join(' → ')} ${count}`).join(', ')}; ${openText(result.onNode)}.`,
        ]
      : []),
    ...(result.notSeen.length > 0
      ? [`Not seen in this window: ${result.notSeen.map(shortName).join(', ')}.`]
      : []),
    ...result.undecidable.map(({ count, why }) => `${requests(count)} could not be judged: ${why}.`),
    ...(result.unreadFlips === undefined ? [] : [`${unreadHarm(result)}.`]),
    ...(result.passingUnread === undefined ? [] : [`${unreadText(result)}.`]),
    ...(result.truncated ? ['More callers and routes than are listed here; the totals are complete.'] : []),
  ];
}
