// The version of this tool, written into what it makes.

export const TOOL_VERSION = "0.1.0";
