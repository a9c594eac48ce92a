// The dashboard's entry: styles, theme, links, the application.

import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/content.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { followLinks } from "./lib/router.ts";
import { readTheme, setTheme } from "./lib/theme.ts";

setTheme(readTheme());
followLinks();
render(<App />, document.getElementById("app")!);
