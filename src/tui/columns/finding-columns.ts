// The columns of the findings list, one row each.
import type { FindingEvent, Severity } from '../../core/model/event.ts';
import { severities } from '../../core/model/event.ts';
import type { GlyphName } from '../theme/glyphs.ts';
import type { Role } from '../theme/roles.ts';
import type { Column } from './column.ts';
import { formatClock, formatShortCount } from './format.ts';

/** Sign, word and role of each severity: never colour alone. */
export const severityLooks: Readonly<
  Record<Severity, { readonly glyph: GlyphName; readonly word: string; readonly role: Role }>
> = {
  info: { glyph: 'severityInfo', word: 'info', role: 'severity.info' },
  low: { glyph: 'severityLow', word: 'low', role: 'severity.low' },
  medium: { glyph: 'severityMedium', word: 'MEDIUM', role: 'severity.medium' },
  high: { glyph: 'severityHigh', word: 'HIGH', role: 'severity.high' },
  critical: { glyph: 'severityCritical', word: 'CRITICAL', role: 'severity.critical' },
};

/** `scanner → orders`, or the caller alone. */
export function whoText(finding: FindingEvent, right: string): string {
  return finding.destination
    ? `${finding.source.workload} ${right} ${finding.destination.workload}`
    : finding.source.workload;
}

/** All columns of the findings list, in reading order; which of them show is decided by width. */
export const findingColumns: readonly Column<FindingEvent>[] = [
  {
    id: 'severity',
    title: 'SEVERITY',
    about: 'How bad it is if it is what it looks like.',
    min: 10,
    max: 10,
    grow: 0,
    priority: 1,
    align: 'left',
    cell: (finding, env) => {
      const look = severityLooks[finding.severity];
      return `${env.theme.glyph(look.glyph)} ${look.word}`;
    },
    role: (finding) => severityLooks[finding.severity].role,
    sortKey: (finding) => severities.indexOf(finding.severity),
    greatestFirst: true,
  },
  {
    id: 'title',
    title: 'FINDING',
    about: 'What was detected.',
    min: 20,
    wanted: 37,
    max: 60,
    grow: 3,
    priority: 1,
    align: 'left',
    cell: (finding) => (finding.learning === true ? `${finding.title} (learning)` : finding.title),
    role: () => 'strong',
    sortKey: (finding) => finding.title,
  },
  {
    id: 'who',
    title: 'WHO',
    about: 'The caller it is about and what it called.',
    min: 18,
    wanted: 21,
    max: 44,
    grow: 2,
    priority: 1,
    align: 'left',
    cell: (finding, env) => whoText(finding, env.theme.glyph('right')),
    role: () => 'workload',
    sortKey: (finding) => whoText(finding, '>'),
  },
  {
    id: 'route',
    title: 'ROUTE',
    about: 'The route it happened on.',
    min: 16,
    max: 40,
    grow: 2,
    priority: 6,
    align: 'left',
    cell: (finding) => finding.route ?? '',
    role: () => 'route',
    sortKey: (finding) => finding.route ?? '',
  },
  {
    id: 'count',
    title: 'COUNT',
    about: 'How often it was seen.',
    min: 5,
    max: 6,
    grow: 1,
    priority: 2,
    align: 'right',
    cell: (finding) => formatShortCount(finding.count),
    role: () => 'number',
    sortKey: (finding) => finding.count,
  },
  {
    id: 'confidence',
    title: 'SURE',
    about: 'Confidence of the rule.',
    min: 5,
    max: 5,
    grow: 0,
    priority: 8,
    align: 'right',
    cell: (finding) => `${Math.round(finding.confidence * 100)} %`,
    role: () => 'number',
    sortKey: (finding) => finding.confidence,
  },
  {
    id: 'first',
    title: 'FIRST',
    about: 'When it was first seen.',
    min: 8,
    max: 8,
    grow: 0,
    priority: 9,
    align: 'left',
    cell: (finding, env) => formatClock(Date.parse(finding.firstSeen), env.utcOffsetMinutes),
    role: () => 'time',
    sortKey: (finding) => finding.firstSeen,
    greatestFirst: true,
  },
  {
    id: 'last',
    title: 'LAST',
    about: 'When it was last seen.',
    min: 8,
    max: 8,
    grow: 0,
    priority: 3,
    align: 'left',
    cell: (finding, env) => formatClock(Date.parse(finding.lastSeen), env.utcOffsetMinutes),
    role: () => 'time',
    sortKey: (finding) => finding.lastSeen,
    greatestFirst: true,
  },
];
