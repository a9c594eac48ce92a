// What a client can do to a server over HTTP/2 and gRPC: every one of these must leave it serving, and hold no more memory.

import { once } from "node:events";
import { constants, type ClientHttp2Session } from "node:http2";
import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModelPackage } from "../../runtime/index.ts";
import { matrixModel } from "../../runtime/testing.ts";
import { startServer, type RunningServer } from "../index.ts";
import { ModelInferRequest, ModelInferResponse } from "./oip/messages.ts";
import { callGrpc, connectGrpc, frameOf, openCall, outcomeOf } from "./testing.ts";

const INFER = "/inference.GRPCInferenceService/ModelInfer";
const valid = { model_name: "linear", inputs: [{ name: "X", datatype: "FP64", shape: [1, 3], contents: { fp64_contents: [1, 2, 3] } }] };
const LIMIT = 2 ** 20;

let server: RunningServer;
beforeAll(async () => {
  server = await startServer([await loadModelPackage(matrixModel())], { port: 0, bodyLimit: LIMIT, requestTimeoutMs: 1500 });
});
afterAll(() => server.close());

async function serves(): Promise<boolean> {
  const session = connectGrpc(server.url);
  const { status } = await callGrpc(session, INFER, [ModelInferRequest, ModelInferResponse], valid);
  session.destroy();
  return status === 0;
}
async function withSession<T>(use: (session: ClientHttp2Session) => Promise<T>): Promise<T> {
  const session = connectGrpc(server.url);
  try {
    return await use(session);
  } finally {
    session.destroy();
  }
}

describe("a server that is attacked", () => {
  it("answers damaged messages with a status, whatever their bytes", async () => {
    await withSession(async (session) => {
      const frame = frameOf(ModelInferRequest, valid);
      await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.nat(frame.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }), fc.constantFrom(INFER, "/tensorflow.serving.PredictionService/Predict", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"), async (changes, path) => {
        const bytes = Buffer.from(frame);
        for (const [at, value] of changes) bytes[at] = value;
        const stream = openCall(session, path);
        const outcome = outcomeOf(stream, ModelInferResponse, () => Buffer.alloc(0));
        stream.end(bytes);
        const { status } = await outcome;
        expect(status).toBeGreaterThanOrEqual(0);
        expect(status, "an internal error").not.toBe(13);
      }), { numRuns: 150 });
    });
    expect(await serves()).toBe(true);
  });
  it("survives calls that are begun and cancelled by the thousand", async () => {
    for (let round = 0; round < 3; round++) {
      await withSession(async (session) => {
        for (let i = 0; i < 1000 && !session.closed; i++) openCall(session, INFER).close(constants.NGHTTP2_CANCEL);
        await new Promise((resolve) => setTimeout(resolve, 50));
      });
    }
    expect(await serves()).toBe(true);
  });
  it("ends calls whose message never comes as a whole", async () => {
    await withSession(async (session) => {
      const stream = openCall(session, INFER);
      const outcome = outcomeOf(stream, ModelInferResponse);
      stream.write(frameOf(ModelInferRequest, valid).subarray(0, 10));
      expect(await outcome).toMatchObject({ status: 4, message: "the request did not arrive in time" });
    });
  });
  it("holds no more of what arrives than a few of its largest messages", async () => {
    // A connection each, as a client limits what one may hold.
    const half = Buffer.concat([Buffer.from([0, 0, 0x0f, 0xff, 0xf0]), Buffer.alloc(LIMIT - 100)]);
    const sessions = Array.from({ length: 14 }, () => connectGrpc(server.url));
    const statuses = await Promise.all(sessions.map(async (session) => {
      const stream = openCall(session, INFER);
      stream.write(half);
      const [headers] = (await once(stream, "response")) as [Record<string, string>];
      return Number(headers["grpc-status"]);
    }));
    for (const session of sessions) session.destroy();
    // Some are refused at once, the others when their time is over.
    expect(new Set(statuses)).toEqual(new Set([4, 8]));
    expect(await serves()).toBe(true);
  });
  it("closes connections with frames that make no sense, and stays", async () => {
    const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1");
    await fc.assert(fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.resume();
      socket.end(Buffer.concat([preface, bytes]));
      await once(socket, "close");
    }), { numRuns: 40 });
    expect(await serves()).toBe(true);
  });
});

describe("a server that stops", () => {
  it("finishes the calls it has, and lets clients go elsewhere", async () => {
    const other = await startServer([await loadModelPackage(matrixModel())], { port: 0 });
    const session = connectGrpc(other.url);
    const ends: string[] = [];
    const told = new AbortController();
    const worker = async (): Promise<void> => {
      while (!session.closed && !told.signal.aborted) {
        const stream = openCall(session, INFER);
        const outcome = outcomeOf(stream, ModelInferResponse);
        stream.end(frameOf(ModelInferRequest, valid));
        const { status } = await outcome;
        ends.push(status === 0 ? "answered" : status === -1 && stream.rstCode === constants.NGHTTP2_REFUSED_STREAM ? "refused before it was looked at" : `status ${status}, reset ${stream.rstCode}`);
      }
    };
    session.on("goaway", () => told.abort());
    const working = Promise.all(Array.from({ length: 8 }, worker));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await Promise.all([working, other.close()]);
    session.destroy();
    expect(ends.filter((e) => e === "answered").length).toBeGreaterThan(8);
    // What was on its way when the server said that it stops.
    expect(ends.filter((e) => e !== "answered").slice(8)).toEqual([]);
    expect(new Set(ends.filter((e) => e !== "answered" && e !== "refused before it was looked at"))).toEqual(new Set());
  });
});
