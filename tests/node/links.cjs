// Reads JSON strings, one a line; writes for each the addresses that Discord would link, as JSON.
const { parse } = require("discord-markdown-parser");
const readline = require("node:readline");

function* links(node) {
  if (Array.isArray(node)) {
    for (const each of node) yield* links(each);
  } else if (node && typeof node === "object") {
    if (node.type === "link" || node.type === "url" || node.type === "autolink") yield node.target;
    yield* links(node.content);
  }
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  console.log(JSON.stringify([...links(parse(JSON.parse(line), "extended"))]));
});
