/* Before anything is painted: theme, language, time zone and frame, as Airflow's own page has them. */
(() => {
  "use strict";
  const root = document.documentElement;
  const stored = (key) => { try { return (localStorage.getItem(key) || "").replace(/^"|"$/g, ""); } catch { return ""; } };
  const theme = () => {
    const wanted = stored("theme");
    if (wanted === "light" || wanted === "dark") root.dataset.theme = wanted; else delete root.dataset.theme;
  };
  theme();
  addEventListener("storage", (event) => { if (event.key === "theme" || event.key === null) theme(); });

  /* An Airflow in other colours ([api] theme): ours follow, as far as the page around us lets itself be read. */
  let frame = null;
  try {
    frame = window.frameElement;
    if (frame) {
      const colour = parent.getComputedStyle(parent.document.documentElement).getPropertyValue("--chakra-colors-brand-600");
      if (colour) root.style.setProperty("--brand", colour);
    }
  } catch { /* another host's page is around us */ }
  root.dataset.frame = frame && frame.hasAttribute("sandbox") ? "sandbox" : "own";

  const language = stored("i18nextLng").slice(0, 2).toLowerCase();
  const zone = stored("timezone");
  const known = root.dataset.languages.split(" ");
  const wanted = {
    lang: language && (known.includes(language) ? language : "en"),
    zone: !zone || zone === "local" ? Intl.DateTimeFormat().resolvedOptions().timeZone : zone,
  };
  const value = encodeURIComponent(wanted.lang + "|" + wanted.zone);
  const cookie = "calsync_page=" + value;
  if (!document.cookie.split("; ").includes(cookie)) {
    document.cookie = cookie + "; path=" + root.dataset.root + "; max-age=31536000; SameSite=Lax";
    const differs = (wanted.lang && wanted.lang !== root.lang) || wanted.zone !== root.dataset.zone;
    /* Without cookies this would go on for ever. */
    if (differs && document.cookie.split("; ").includes(cookie)) location.reload();
  }
})();
