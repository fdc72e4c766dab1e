// data-theme-set: shows the theme at once; the form behind it keeps it for the next page.
for (const button of document.querySelectorAll("[data-theme-set]")) {
  button.addEventListener("click", () => {
    const theme = button.dataset.themeSet;
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  });
}
