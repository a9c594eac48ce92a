// slipway registry COMMAND

import type { CommandGroup } from "../command.ts";

export const registry: CommandGroup = {
  name: "registry",
  summary: "versions of models, and the aliases that name them",
  commands: {
    push: { summary: "offer a package or saved model as a version", load: async () => (await import("./push.ts")).push },
    list: { summary: "the models", load: async () => (await import("./list.ts")).list },
    versions: { summary: "a model's versions", load: async () => (await import("./versions.ts")).versions },
    show: { summary: "a version: where it comes from, what is attached to it", load: async () => (await import("./show.ts")).show },
    search: { summary: "versions by name, description, author, library, source or digest", load: async () => (await import("./search.ts")).search },
    alias: { summary: "let a name such as production name a version; who moved it when", load: async () => (await import("./alias.ts")).alias },
    pull: { summary: "a version's package as a .slip file", load: async () => (await import("./pull.ts")).pull },
    remove: { summary: "remove a version that nothing needs", load: async () => (await import("./remove.ts")).remove },
    gc: { summary: "remove old versions by a rule, and what no version names", load: async () => (await import("./gc.ts")).gc },
    verify: { summary: "whether tables, packages and audit log are whole and fit together", load: async () => (await import("./verify.ts")).verify },
    export: { summary: "everything, or some models, to a folder or one file", load: async () => (await import("./export.ts")).exportCommand },
    import: { summary: "take an export in", load: async () => (await import("./import.ts")).importCommand },
  },
  notes: [
    "A version is NAME (the newest), NAME:3, NAME@production or NAME@sha256:DIGEST; serve, predict, test and others take it wherever a package goes.",
    "The registry is in .slipway of this folder; SLIPWAY_DATABASE_URL (postgres://...) and SLIPWAY_REGISTRY (HOST/REPOSITORY) name a team's.",
  ],
};
