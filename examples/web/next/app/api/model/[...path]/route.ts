// Next.js: app/api/model/[...path]/route.ts. The model is loaded with the first request, in Node and not on the edge.

import type { Handler } from "slipway";
import { churnHandler } from "../../../../../model.ts";

export const runtime = "nodejs";

let handler: Promise<Handler> | undefined;
const route = async (request: Request): Promise<Response> => (await (handler ??= churnHandler("/api/model")))(request);

export { route as GET, route as POST };
