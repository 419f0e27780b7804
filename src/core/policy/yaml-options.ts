// How we write YAML: long lines, no aliases, and quotes where kubectl, which reads YAML 1.1, would see something else than a text.
import type { ScalarTag } from 'yaml';

/** Texts that are truth values or numbers to YAML 1.1 but not to 1.2: a bare Off is false, 1_000 a thousand, 1:30 ninety. */
const otherInYaml11: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:bool',
  test: /^(?:[yY]|yes|Yes|YES|[nN]|no|No|NO|on|On|ON|off|Off|OFF|[-+]?0b[01_]+|[-+]?0x[0-9a-fA-F_]+|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?)$/,
  resolve: (text) => text,
};

/** Options of `stringify` for what people may give to kubectl. Times stay bare: kubectl's reader keeps them as texts. */
export const yamlOptions = {
  lineWidth: 0,
  aliasDuplicateObjects: false,
  compat: [otherInYaml11],
};
