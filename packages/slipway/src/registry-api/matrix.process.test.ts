import { afterAll, beforeAll } from "vitest";
import { backends } from "../../../../scripts/testing-backends.ts";
import { describeEveryRoute } from "../server/auth/testing-matrix.ts";
import { openTestRegistry } from "./testing.ts";

const backend = backends.find((b) => b.database === "sqlite")!;
beforeAll(() => backend.start());
afterAll(() => backend.stop());

describeEveryRoute("every route of the registry", async (keys) => openTestRegistry(await backend.place().open(), keys), (route) => route.path.startsWith("/api/v1/"));
