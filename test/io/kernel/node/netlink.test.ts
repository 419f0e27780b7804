// Listings over a made-up kernel: one that changes under the reading is read again, a few times and no more.
import { expect, test } from 'vitest';
import type { Libc } from '../../../../src/io/kernel/libc.ts';
import {
  dumpInterrupted,
  messageType,
  netlinkMessage,
} from '../../../../src/io/kernel/node/netlink-message.ts';
import { createNetlink } from '../../../../src/io/kernel/node/netlink.ts';
import type { NetnsDoor } from '../../../../src/io/kernel/node/netns.ts';

const item = 77;
const head = Buffer.alloc(4);

/** A kernel whose first `interrupted` listings tell that they changed, each with its number in the one item. */
function kernel(interrupted: number) {
  let asked = 0;
  const bytes = Buffer.alloc(64 * 1024);
  const libc: Partial<Libc> = {
    allocate: () => ({ bytes, view: new DataView(bytes.buffer), address: 0 }),
    send(_fd, _address, length) {
      asked += 1;
      return length;
    },
    recv() {
      const flags = asked <= interrupted ? dumpInterrupted : 0;
      const answer = Buffer.concat([
        netlinkMessage({ type: item, flags, head: Buffer.from([asked, 0, 0, 0]) }),
        netlinkMessage({ type: messageType.done, flags, head }),
      ]);
      return answer.copy(bytes);
    },
    close: () => 0,
  };
  const door: Partial<NetnsDoor> = { socketIn: () => 3 };
  const netlink = createNetlink(libc as Libc, door as NetnsDoor);
  const listed = netlink.withSocket({ fd: 4 }, 12, (socket) =>
    socket.list(netlinkMessage({ type: item, flags: 0, head })),
  );
  if ('error' in listed) throw new Error(`error ${listed.error}`);
  return { asked, items: listed.map(({ body }) => body[0]) };
}

test('a listing that nothing changes is read once', () => {
  expect(kernel(0)).toEqual({ asked: 1, items: [1] });
});

test('one that changes is read again, and only the last reading counts', () => {
  expect(kernel(3)).toEqual({ asked: 4, items: [4] });
});

test('one that always changes is told as it is after five readings', () => {
  expect(kernel(Infinity)).toEqual({ asked: 5, items: [5] });
});
