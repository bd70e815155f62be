// What npos, an ESC/POS parser of the npm registry, reads: slips come in as lines of hex, pieces go out as JSON lines.
'use strict';
const readline = require('readline');
const iconv = require('iconv-lite');
const rules = require('npos/lib/parser/rules');
const symbols = require('npos/lib/parser/symbols');

rules[symbols.GS]['(k'] = [0, 'd16']; // younger than npos; its length is counted as that of the other GS ( commands
const npos = require('npos');

readline.createInterface({input: process.stdin}).on('line', (line) => {
  const raw = Buffer.from(line, 'hex');
  npos.parser().parse(raw).then((ast) => {
    const pieces = ast.tree.map((node) => {
      const bytes = raw.slice(node.offset, node.offset + node.length);
      return node.code === 2 ? ['text', iconv.decode(bytes, 'GB18030')] : [node.ascii + ' ' + node.fn, bytes.toString('hex')];
    });
    const pictures = ast.entries.filter((entry) => entry.type === 'raster').length;
    console.log(JSON.stringify({pieces, pictures}));
  }, (error) => console.log(JSON.stringify({error: String(error)})));
});
