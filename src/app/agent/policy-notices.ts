// What the person who runs the agent should read at once about the policy folder: that it is gone or back, which file is rejected and why.
// Each thing once, when it begins; knows no folder, only the store's entries.
import type { PolicyRejection, StoredPolicy } from '../../core/policy/store.ts';

/** Code under which the store says that the folder itself cannot be read. */
const folderCode = 'POLICY_FOLDER';

/** Most sentences at once: a folder full of mistakes must not drown what else is said. */
const sentencesAtOnce = 20;

/** Answers the sentences that are new since the last call. */
export function createPolicyNotices(
  directory: string,
): (entries: readonly StoredPolicy[]) => readonly string[] {
  let known: ReadonlySet<string> = new Set();
  let isGone = false;

  function ofFolder(gone: boolean): readonly string[] {
    if (gone === isGone) return [];
    isGone = gone;
    return [
      gone
        ? `the policy folder ${directory} cannot be read; its policies stay in force as they were`
        : `the policy folder ${directory} is back and followed again`,
    ];
  }

  return (entries) => {
    const rejections = entries.flatMap(rejectionOf);
    const gone = rejections.some(({ code }) => code === folderCode);
    const sentences = new Set(
      rejections.filter(({ code }) => code !== folderCode).map(({ message }) => message),
    );
    const fresh = [...sentences].filter((sentence) => !known.has(sentence)).map(oneLine);
    known = sentences;
    return [...ofFolder(gone), ...bounded(fresh.map((sentence) => `policy rejected: ${sentence}`))];
  };
}

function rejectionOf(entry: StoredPolicy): readonly PolicyRejection[] {
  if (entry.type === 'expired' || entry.rejection === undefined) return [];
  return [entry.rejection];
}

/** A file name or a value quoted from a file may hold anything. */
const oneLine = (sentence: string): string => sentence.replace(/\p{Cc}+/gu, '?');

function bounded(sentences: readonly string[]): readonly string[] {
  const left = sentences.length - sentencesAtOnce;
  if (left <= 0) return sentences;
  return [...sentences.slice(0, sentencesAtOnce), `policy rejected: and ${left} more; see policies`];
}
