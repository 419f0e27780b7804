// A page as text, over a connection of its own. No status is looked at.
import { get } from 'node:http';

/** @throws Error when nothing answers. */
export const fetchText = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    get(url, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => resolve(text));
    }).on('error', reject);
  });
