/* The licences of all that goes into echarts.min.js, each below the name and version it is of. */
import { readFileSync } from "node:fs";

const PARTS = [
  ["echarts", ["NOTICE", "LICENSE", "licenses/LICENSE-d3"]],
  ["zrender", ["LICENSE"]],
  ["tslib", ["LICENSE.txt"]],
];
const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const read = (path) => readFileSync(path, "utf8").replaceAll("\r\n", "\n").replace(/[ \t]+$/gm, "").trim();

console.log("echarts.min.js holds parts of these packages, bundled by docs/charts.");
for (const [name, files] of PARTS) {
  for (const file of files) {
    console.log(`\n\n${"=".repeat(80)}\n${name} ${dependencies[name]}: ${file}\n${"=".repeat(80)}\n`);
    console.log(read(`node_modules/${name}/${file}`));
  }
}
