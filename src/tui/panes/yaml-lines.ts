// YAML for reading: key, value and comment in their own roles, one line at a time. No parser: it colours, it does not judge.
import type { Line } from './painter.ts';
import { span } from './painter.ts';

/** The spans of one line of YAML. */
export function yamlLine(text: string): Line {
  if (/^\s*#/.test(text)) return [span(text, 'yaml.comment')];
  const colon = text.indexOf(': ');
  if (colon > 0)
    return [span(text.slice(0, colon + 1), 'yaml.key'), span(text.slice(colon + 1), 'yaml.value')];
  return text.endsWith(':') ? [span(text, 'yaml.key')] : [span(text, 'yaml.value')];
}
