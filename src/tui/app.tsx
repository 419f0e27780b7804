// The React tree: ink lays out header, panes, time axis and foot line, draws dialogs over them and owns the input.
// Everything shown comes in as a finished model; the data panes paint themselves.
import { Box, Text, useInput, usePaste } from 'ink';
import type { Key } from 'ink';
import { memo } from 'react';
import type { ReactNode } from 'react';
import type { ChromeModel } from './chrome/chrome-model.ts';
import type { CellScreen } from './render/cell-screen.ts';
import { Canvas, Overlay } from './render/canvas.tsx';
import type { Draw } from './render/draw-context.ts';
import { frameCells } from './state/frame.ts';

/** The painted regions; each reads the newest state when it is called. */
export interface PaneDraws {
  readonly list: Draw;
  readonly detail: Draw;
  readonly axis: Draw;
  /** The topmost dialog, where it paints itself. */
  readonly dialog: Draw;
}

/** What the tree needs: the chrome as strings, the painted panes, and where input goes. */
export interface AppProps {
  readonly model: ChromeModel;
  readonly screen: CellScreen;
  readonly draws: PaneDraws;
  readonly onInput: (input: string, key: Key) => void;
  readonly onPaste: (text: string) => void;
}

/** One line of chrome: text with SGR, exactly one row. */
const Row = memo(function Row({ text }: { readonly text: string }): ReactNode {
  return (
    <Box height={1} flexShrink={0}>
      <Text wrap="truncate-end">{text === '' ? ' ' : text}</Text>
    </Box>
  );
});

function Body({ model, screen, draws }: Pick<AppProps, 'model' | 'screen' | 'draws'>): ReactNode {
  const { body, list, detail } = model.layout;
  const beside = detail !== undefined && detail.x > list.x;
  return (
    <Box width={body.width} height={body.height} flexShrink={0} flexDirection={beside ? 'row' : 'column'}>
      {list.height > 0 && (
        <Canvas screen={screen} draw={draws.list} width={list.width} height={list.height} flexShrink={0} />
      )}
      {detail && (
        <Canvas
          screen={screen}
          draw={draws.detail}
          width={detail.width}
          height={detail.height}
          flexShrink={0}
        />
      )}
    </Box>
  );
}

function Dialog({ model, screen, draws }: Pick<AppProps, 'model' | 'screen' | 'draws'>): ReactNode {
  if (!model.dialog) return null;
  const { rect, rows } = model.dialog;
  return (
    <Overlay
      screen={screen}
      position="absolute"
      marginLeft={rect.x}
      marginTop={rect.y}
      width={rect.width}
      height={rect.height}
    >
      {rows ? (
        rows.map((text, index) => <Row key={index} text={text} />)
      ) : (
        <Canvas screen={screen} draw={draws.dialog} layer={1} width={rect.width} height={rect.height} />
      )}
    </Overlay>
  );
}

/** What lies within the frame, or on the whole screen. */
function Inside({ model, screen, draws }: Pick<AppProps, 'model' | 'screen' | 'draws'>): ReactNode {
  if (model.tooSmall)
    return (
      <Box flexDirection="column" width={model.columns} height={model.rows}>
        {model.tooSmall.map((text, index) => (
          <Row key={index} text={text} />
        ))}
      </Box>
    );
  const { axis } = model.layout;
  return (
    <Box flexDirection="column" width={model.columns} height={model.rows}>
      <Row text={model.header} />
      <Row text={model.tabs} />
      <Body model={model} screen={screen} draws={draws} />
      {axis && (
        <Canvas screen={screen} draw={draws.axis} width={axis.width} height={axis.height} flexShrink={0} />
      )}
      {model.message.map((text, index) => (
        <Row key={index} text={text} />
      ))}
      <Row text={model.footer} />
      <Dialog model={model} screen={screen} draws={draws} />
    </Box>
  );
}

function Side({ text, rows }: { readonly text: string; readonly rows: number }): ReactNode {
  return (
    <Box width={1} height={rows} flexShrink={0} flexDirection="column">
      {Array.from({ length: rows }, (_, index) => (
        <Row key={index} text={text} />
      ))}
    </Box>
  );
}

/** The whole terminal. */
export function App({ model, screen, draws, onInput, onPaste }: AppProps): ReactNode {
  useInput(onInput);
  usePaste(onPaste);
  const inside = <Inside model={model} screen={screen} draws={draws} />;
  const { frame, rows } = model;
  if (frame === undefined) return inside;
  return (
    <Box flexDirection="column" width={model.columns + 2 * frameCells} height={rows + 2 * frameCells}>
      <Row text={frame.top} />
      <Box flexDirection="row" height={rows} flexShrink={0}>
        <Side text={frame.side} rows={rows} />
        {inside}
        <Side text={frame.side} rows={rows} />
      </Box>
      <Row text={frame.bottom} />
    </Box>
  );
}
