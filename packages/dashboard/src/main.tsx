// The dashboard's entry: theme, links, the application. Its styles are index.html's.

import { render } from "preact";
import { App } from "./app.tsx";
import { followLinks } from "./lib/router.ts";
import { readTheme, setTheme } from "./lib/theme.ts";

setTheme(readTheme());
followLinks();
render(<App />, document.getElementById("app")!);
