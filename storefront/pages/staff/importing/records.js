// The records of a CSV or JSON lines file, read line by line, as `./souk import` reads them.
import { Trouble } from "/shop/api.js";
import { t } from "/shop/texts.js";

const DELIMITERS = [",", ";", "\t", "|"];
const LONGEST = 1 << 20; // characters of a record: a quotation mark left open does not swallow the file
const SHOWN = 3;
const words = t.staff.importing;

/** How many records a file has, its columns and a few of its records; `records()` reads them all anew. */
export async function open(file) {
  const records = await reader(file);
  const columns = new Set();
  const sample = [];
  let total = 0;
  for await (const { cells } of records()) {
    total += 1;
    for (const column of Object.keys(cells ?? {})) columns.add(column);
    if (cells && sample.length < SHOWN) sample.push(cells);
  }
  if (!columns.size) throw new Error(words.nothing);
  return { name: file.name, columns: [...columns], sample, total, records };
}

async function reader(file) {
  const start = await firstText(file);
  if (start.includes("\uFFFD")) throw new Error(words.notUtf8);
  if (isJson(file.name, start)) return () => jsonRecords(file);
  const { parse } = await library();
  const [delimiter] = DELIMITERS.toSorted((one, other) => start.split(other).length - start.split(one).length);
  return () => csvRecords(rows(file, (text) => parse(text, { delimiter, newline: "\n" })));
}

function isJson(name, start) {
  return /\.(jsonl|ndjson)$/i.test(name) || (/^[[{]/.test(start) && !/\.(csv|tsv)$/i.test(name));
}

/** The library is no module, and only a CSV file needs it. */
function library() {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "/vendor/papaparse.js";
    script.onload = () => resolve(window.Papa);
    script.onerror = () => reject(new Trouble(0));
    document.head.append(script);
  });
}

async function firstText(file) {
  for await (const line of lines(file)) {
    if (line.trim()) return line.trim();
  }
  throw new Error(words.nothing);
}

async function* lines(file) {
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const parts = (rest + read.value).split("\n");
      rest = parts.pop();
      yield* parts;
    }
  } finally {
    reader.cancel();
  }
  if (rest) yield rest;
}

async function* jsonRecords(file) {
  let line = 0;
  for await (const text of lines(file)) {
    line += 1;
    if (text.trim()) yield { line, raw: text.trim(), ...fromJson(text) };
  }
}

function fromJson(text) {
  try {
    const cells = JSON.parse(text);
    return cells?.constructor === Object ? { cells } : { problem: words.faults.json };
  } catch {
    return { problem: words.faults.json };
  }
}

async function* csvRecords(found) {
  let header = null;
  for await (const { line, raw, cells, problem } of found) {
    if (!problem && cells.every((cell) => !cell.trim())) continue;
    if (header) yield { line, raw, ...(problem ? { problem } : fromCells(header, cells)) };
    else header = asHeader(cells, problem);
  }
}

function asHeader(cells, problem) {
  if (problem) throw new Error(words.noHeader(problem));
  const header = cells.map((name) => name.trim());
  const twice = header.find((name, at) => name && header.indexOf(name) !== at);
  if (twice) throw new Error(words.twice(twice));
  return header;
}

function fromCells(header, cells) {
  if (cells.length !== header.length) return { problem: words.faults.cells(cells.length, header.length) };
  return { cells: Object.fromEntries(header.map((name, at) => [name, cells[at].trim()]).filter(([name]) => name)) };
}

/** A row ends with its line, unless a quotation mark is open; then with the line that closes it. */
async function* rows(file, parse) {
  let number = 0;
  let row = null;
  for await (const text of lines(file)) {
    number += 1;
    const canEnd = !row || text.includes('"');
    row = { line: row?.line ?? number, raw: row ? `${row.raw}\n${text}` : text };
    const { isOpen, ...read } = canEnd ? asRow(parse, row.raw) : { isOpen: true, problem: words.faults.csv };
    if (isOpen && row.raw.length < LONGEST) continue;
    yield { ...row, ...read };
    row = null;
  }
  if (row) yield { ...row, problem: words.faults.csv };
}

function asRow(parse, text) {
  const raw = text.replace(/\r$/, "");
  const { data: [cells = []], errors } = parse(raw);
  if (!errors.length) return { raw, cells };
  return { raw, problem: words.faults.csv, isOpen: errors.every(({ code }) => code === "MissingQuotes") };
}
