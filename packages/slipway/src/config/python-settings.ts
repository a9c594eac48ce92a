// How models that cannot be compiled are run in Python (`--engine python`).

const settings = {
  trust: { type: "texts", flag: "trust", value: "DIGEST", help: "the digest of a file or folder whose code may be run (sha256:...); may be repeated" },
  interpreter: { type: "text", flag: "python", value: "PATH", help: "the interpreter; by default that of a .venv beside the model, else python3" },
  environment: { type: "choice", flag: "env", choices: ["auto", "uv", "pip"], value: "TOOL", help: "make the model an environment of its own, locked with hashes by what its file or folder says (auto: uv where it is there, else pip); it fetches packages, so never by default" },
  check: { type: "text", flag: "python-check", value: "FILE", help: "rows with the columns that the model takes and, beside them, what it predicted" },
  modelVersion: { type: "text", flag: "python-model-version", value: "VERSION", help: "the version that the model is served under (0.0.0 by default)" },
  timeout: { type: "duration", flag: "python-timeout", min: 10, max: 3_600_000, value: "TIME", default: 30_000, help: "longest time for one call; a process that takes longer is ended and started again" },
  memory: { type: "bytes", flag: "python-memory", min: 16_777_216, value: "BYTES", help: "most memory of one process" },
  network: { type: "flag", flag: "python-network", default: false, help: "let the model use the network" },
} as const;

export const PYTHON_SETTINGS: typeof settings = settings;
