/**
 * A second reader of bundles, which knows nothing of Reconciler but the schemas:
 *
 *     node consumer.ts SOURCE IDENTITY ADDRESS
 *
 * prints what is published at ADDRESS (`chatbot/support`): its graphs, with what each assistant of a node is called
 * by in its place, the id of a saved agent or assistant, or the arguments of `responses.create`. SOURCE is a folder or a URL.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Reference = { $address: string };
type Assistant =
  | { target: "responses"; request: Json }
  | { target: "agents"; agent: Reference }
  | { target: "assistants"; assistant: Reference };
type Pointer = { identity: string; address: string; blob: string; ids: Record<string, string> };
type Bundle = {
  address: string;
  release?: { number: number; digest: string };
  chatbot?: Json;
  pipelines?: Json;
  assistants: Record<string, Assistant>;
};

const ajv = new Ajv2020({ strict: true, strictRequired: false });
const isPointer = ajv.compile<Pointer>(schema("pointer"));
const isBundle = ajv.compile<Bundle>(schema("bundle"));

function schema(name: string): object {
  return JSON.parse(readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), "utf8"));
}

async function read(source: string, key: string): Promise<Buffer> {
  if (!/^https?:/.test(source)) return readFile(`${source}/${key}`);
  const response = await fetch(`${source}/${key}`);
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

async function load(source: string, identity: string, address: string): Promise<[Pointer, Bundle]> {
  const pointer: Json = JSON.parse((await read(source, `${identity}/${address}.json`)).toString());
  if (!isPointer(pointer)) throw new Error(`no pointer: ${ajv.errorsText(isPointer.errors)}`);
  if (pointer.identity !== identity || pointer.address !== address) throw new Error("a pointer of something else");
  const sha256 = pointer.blob.replace("sha256:", "");
  const bytes = await read(source, `${identity}/blobs/${sha256}.json`);
  if (createHash("sha256").update(bytes).digest("hex") !== sha256) throw new Error(`the blob ${sha256} was altered`);
  const bundle: Json = JSON.parse(bytes.toString());
  if (!isBundle(bundle)) throw new Error(`no bundle: ${ajv.errorsText(isBundle.errors)}`);
  return [pointer, bundle];
}

/** `value` with `replace(ADDRESS)` where it says {"$address": ADDRESS}. */
function resolved(value: Json, replace: (address: string) => Json): Json {
  if (Array.isArray(value)) return value.map((item) => resolved(item, replace));
  if (value === null || typeof value !== "object") return value;
  const { $address: address, ...more } = value;
  if (typeof address === "string" && Object.keys(more).length === 0) return replace(address);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, resolved(item, replace)]));
}

const [source, identity, address] = process.argv.slice(2);
const [{ ids }, { assistants, ...bundle }] = await load(source, identity, address);

function id(of: string): string {
  if (!(of in ids)) throw new Error(`the pointer has no id for ${of}`);
  return ids[of];
}

/** What a graph names: an assistant of this bundle, a pipeline of it by its address, or a live object by its id. */
function named(what: string): Json {
  if (what in assistants) return resolved(assistants[what], id);
  return what.startsWith("pipeline/") ? what : id(what);
}

console.log(JSON.stringify(resolved({ ...bundle }, named)));
