// Recognizes CSV and JSON lines files, and reads their columns and records as `./souk import` does.
import { RequestError } from "/shop/api.js";
import { t } from "/shop/texts.js";

const DELIMITERS = [",", ";", "\t", "|"];
const MAX_RECORD_CHARACTERS = 1 << 20; // an unclosed quotation mark must not consume the file
const SAMPLE_SIZE = 3;
const texts = t.staff.importing;

/**
 * Reads the whole file once: its columns, the number of its records and a sample of their cells. `records()` reads
 * the records again. Each is `{line, raw}` with `cells`, or with a `problem`. Throws if the file cannot be imported.
 */
export async function inspectFile(file) {
  const records = await recordReader(file);
  const columns = new Set();
  const sample = [];
  let total = 0;
  for await (const { cells } of records()) {
    total += 1;
    for (const column of Object.keys(cells ?? {})) columns.add(column);
    if (cells && sample.length < SAMPLE_SIZE) sample.push(cells);
  }
  if (!columns.size) throw new Error(texts.empty);
  return { name: file.name, columns: [...columns], sample, total, records };
}

async function recordReader(file) {
  const start = await firstNonblankLine(file);
  if (start.includes("\uFFFD")) throw new Error(texts.notUtf8);
  if (isJson(file.name, start)) return () => jsonRecords(file);
  const { parse } = await loadCsvLibrary();
  const [delimiter] = DELIMITERS.toSorted((a, b) => start.split(b).length - start.split(a).length);
  return () => csvRecords(csvRows(file, (text) => parse(text, { delimiter, newline: "\n" })));
}

/** Decided by the suffix; by the first line if the suffix is another. */
function isJson(name, start) {
  return /\.(jsonl|ndjson)$/i.test(name) || (/^[[{]/.test(start) && !/\.(csv|tsv)$/i.test(name));
}

/** Papa Parse is a classic script, not a module; it is loaded for CSV files only. */
function loadCsvLibrary() {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "/vendor/papaparse.js";
    script.onload = () => resolve(window.Papa);
    script.onerror = () => reject(new RequestError(0));
    document.head.append(script);
  });
}

async function firstNonblankLine(file) {
  for await (const line of readLines(file)) {
    if (line.trim()) return line.trim();
  }
  throw new Error(texts.empty);
}

async function* readLines(file) {
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      const lines = (rest + chunk.value).split("\n");
      rest = lines.pop();
      yield* lines;
    }
  } finally {
    reader.cancel();
  }
  if (rest) yield rest;
}

async function* jsonRecords(file) {
  let line = 0;
  for await (const text of readLines(file)) {
    line += 1;
    if (text.trim()) yield { line, raw: text.trim(), ...parseJson(text) };
  }
}

function parseJson(text) {
  try {
    const cells = JSON.parse(text);
    return cells?.constructor === Object ? { cells } : { problem: texts.problems.json };
  } catch {
    return { problem: texts.problems.json };
  }
}

async function* csvRecords(rows) {
  let header = null;
  for await (const { line, raw, cells, problem } of rows) {
    if (!problem && cells.every((cell) => !cell.trim())) continue;
    if (header) yield { line, raw, ...(problem ? { problem } : toCells(header, cells)) };
    else header = toHeader(cells, problem);
  }
}

function toHeader(cells, problem) {
  if (problem) throw new Error(texts.invalidHeader(problem));
  const header = cells.map((name) => name.trim());
  const duplicate = header.find((name, index) => name && header.indexOf(name) !== index);
  if (duplicate) throw new Error(texts.duplicateColumn(duplicate));
  return header;
}

/** Cells of columns without a name are ignored. */
function toCells(header, cells) {
  if (cells.length !== header.length) return { problem: texts.problems.cells(cells.length, header.length) };
  const entries = header.map((name, index) => [name, cells[index].trim()]);
  return { cells: Object.fromEntries(entries.filter(([name]) => name)) };
}

/** A row ends with its line or, if a quotation mark is open, with the line that closes it. */
async function* csvRows(file, parse) {
  let lineNumber = 0;
  let row = null;
  for await (const text of readLines(file)) {
    lineNumber += 1;
    const canEnd = !row || text.includes('"');
    row = { line: row?.line ?? lineNumber, raw: row ? `${row.raw}\n${text}` : text };
    const { isOpen, ...parsed } = canEnd ? parseRow(parse, row.raw) : { isOpen: true, problem: texts.problems.csv };
    if (isOpen && row.raw.length < MAX_RECORD_CHARACTERS) continue;
    yield { ...row, ...parsed };
    row = null;
  }
  if (row) yield { ...row, problem: texts.problems.csv };
}

/** `isOpen` if the only error is an open quotation mark, so that the next line may belong to the row. */
function parseRow(parse, text) {
  const raw = text.replace(/\r$/, "");
  const { data: [cells = []], errors } = parse(raw);
  if (!errors.length) return { raw, cells };
  return { raw, problem: texts.problems.csv, isOpen: errors.every(({ code }) => code === "MissingQuotes") };
}
