// At home in Airflow: light and dark as Airflow has it, and links to Airflow's own pages open there.
(function () {
  "use strict";
  var root = document.documentElement, host = null;
  try { if (parent !== window) host = parent.document.documentElement; } catch (error) { host = null; }
  function follow() {
    var theme = null;
    // Outside of its frame there is what a person chose in Airflow; where nobody did, the system decides.
    try { theme = host ? (host.classList.contains("dark") ? "dark" : "light") : localStorage.getItem("theme"); } catch (error) { theme = null; }
    if (theme === "dark" || theme === "light") root.dataset.theme = theme; else delete root.dataset.theme;
  }
  follow();
  addEventListener("storage", follow);
  if (!host) return;
  new MutationObserver(follow).observe(host, { attributes: true, attributeFilter: ["class"] });
  document.addEventListener("click", function (event) {
    var link = event.target.closest("a[data-airflow]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    // The frame is not allowed to navigate the page around it; a link of that page is.
    var outer = parent.document.createElement("a");
    outer.href = link.href;
    parent.document.body.append(outer);
    outer.click();
    outer.remove();
  });
})();
