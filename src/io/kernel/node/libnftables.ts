// libnftables bound through koffi, as libc.ts binds libc: the only file that knows its functions. Loaded when first asked for, because
// a machine without the library still taps. Linux only.
import type * as koffiModule from 'koffi';
import { AppError } from '../../../core/model/app-error.ts';

/** A context of the library: an address, opaque. */
export type NftContext = bigint;

/** The functions in use (nftables/libnftables.h). */
export interface Libnftables {
  /** A context whose netlink socket is in the thread's namespace. The library ends the process where the kernel has no netfilter: probe first. */
  create(): NftContext;
  free(context: NftContext): void;
  /** 0, or not: then `errors` tells why. The answer is in `output`. */
  run(context: NftContext, commands: string): number;
  output(context: NftContext): string;
  errors(context: NftContext): string;
  /** Whether listings are JSON (true) or the text that `run` takes. */
  setJson(context: NftContext, json: boolean): void;
}

/** NFT_CTX_DEFAULT. */
const defaultFlags = 0;
/** NFT_CTX_OUTPUT_*. */
const outputFlag = { json: 1 << 4, numericProtocol: 1 << 7, numericTime: 1 << 10 } as const;

function missing(cause: unknown): AppError {
  return new AppError({
    code: 'NFTABLES_UNAVAILABLE',
    family: 'unavailable',
    message:
      'The library libnftables.so.1 is not installed: nothing can be enforced in the kernel or inline.',
    hint: 'Install it (Debian and Ubuntu: `apt-get install libnftables1`), or use the image of the agent, which has it.',
    cause,
  });
}

type Library = ReturnType<(typeof koffiModule)['load']>;

function bind(library: Library): Libnftables {
  const context = 'uintptr_t';
  const create = library.func('nft_ctx_new', context, ['uint32']);
  const free = library.func('nft_ctx_free', 'void', [context]);
  const bufferOutput = library.func('nft_ctx_buffer_output', 'int', [context]);
  const bufferErrors = library.func('nft_ctx_buffer_error', 'int', [context]);
  const run = library.func('nft_run_cmd_from_buffer', 'int', [context, 'str']);
  const output = library.func('nft_ctx_get_output_buffer', 'str', [context]);
  const errors = library.func('nft_ctx_get_error_buffer', 'str', [context]);
  const setFlags = library.func('nft_ctx_output_set_flags', 'void', [context, 'uint']);
  return {
    create() {
      const made = BigInt(create(defaultFlags) as number | bigint);
      if (made === 0n) throw new Error('nft_ctx_new: out of memory');
      bufferOutput(made);
      bufferErrors(made);
      return made;
    },
    free: (made) => void free(made),
    run: (made, commands) => run(made, commands) as number,
    output: (made) => (output(made) as string | null) ?? '',
    errors: (made) => (errors(made) as string | null) ?? '',
    setJson: (made, json) =>
      void setFlags(made, (json ? outputFlag.json : 0) | outputFlag.numericProtocol | outputFlag.numericTime),
  };
}

/** Loads the library. @throws AppError saying that it is not there. */
export async function loadLibnftables(): Promise<Libnftables> {
  try {
    const { default: koffi } = await import('koffi');
    return bind(koffi.load('libnftables.so.1'));
  } catch (cause) {
    throw missing(cause);
  }
}
