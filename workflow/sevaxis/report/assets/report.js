"use strict";
// Wakes the page up: unpacks data and libraries when they are first needed, draws what is scrolled to.
(() => {
  const find = (selector, root = document) => [...root.querySelectorAll(selector)];
  const memo = (make) => { const kept = new Map(); return (key) => { if (!kept.has(key)) kept.set(key, make(key)); return kept.get(key); }; };

  const unpack = async (id) => {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  };
  const data = memo(async (name) => JSON.parse(await unpack(`data-${name}`)));
  const address = async (id) => URL.createObjectURL(new Blob([await unpack(id)], { type: "text/javascript" }));
  const plotly = memo(async () => {
    const script = document.createElement("script");
    script.src = await address("library-plotly");
    await new Promise((done, failed) => { script.onload = done; script.onerror = failed; document.head.append(script); });
    return window.Plotly;
  });

  const theme = () => {
    const style = getComputedStyle(document.documentElement);
    const names = ["paper", "ink", "soft", "line", "accent", "up", "down", "female", "male"];
    return { ...Object.fromEntries(names.map((n) => [n, style.getPropertyValue(`--${n}`).trim()])), groups: style.getPropertyValue("--groups").split(","), font: getComputedStyle(document.body).fontFamily };
  };

  const needs = {
    pca: ["samples"], totals: ["samples"], sexcheck: ["samples"], missingness: ["samples"], points: ["points"],
    volcano: ["study", "contrast"], sexscatter: ["study", "contrast"],
  };
  async function draw(plot) {
    const { chart, of, in: inside, by, stratum, panel } = plot.dataset;
    const load = (name) => data(name === "contrast" ? `contrast.${of}` : name);
    const given = Object.fromEntries(await Promise.all(needs[chart].map(async (name) => [name, await load(name)])));
    const drawing = charts[chart](given, { of, inside, by, stratum, panel }, theme());
    const library = await plotly();
    await library.react(plot, drawing.data, drawing.layout, {
      displaylogo: false, responsive: true, scrollZoom: false,
      modeBarButtons: [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
      toImageButtonOptions: { format: "svg", filename: `${chart}_${of}${inside ? "_" + inside : ""}` },
    });
    const caption = plot.parentElement.querySelector(".caption-count");
    if (caption && drawing.caption) caption.textContent = drawing.caption;
    plot.classList.remove("waiting");
    plot.classList.add("drawn");
  }

  // the strip shows both sexes together, or one, or their difference
  const strip = document.getElementById("strip");
  for (const radio of find("#layers input")) radio.addEventListener("change", () => { strip.dataset.layer = radio.value; });

  // drawings
  const plots = find(".plot");
  if (typeof DecompressionStream === "undefined") {
    for (const plot of plots) plot.replaceChildren("This browser is too old for interactive drawings; the same drawings are in the folder figures.");
    return;
  }
  const watch = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) { watch.unobserve(target); draw(target); }
  }, { rootMargin: "400px" });
  for (const select of find("[data-by]")) {
    select.addEventListener("change", () => {
      const plot = select.closest("figure").querySelector(".plot");
      plot.dataset.by = select.value;
      draw(plot);
    });
  }

  // volcano and scatter of the sexes follow their menus
  const volcano = document.getElementById("volcano-plot");
  if (volcano) {
    const [contrast, stratum, panel] = ["contrast", "stratum", "panel"].map((name) => document.getElementById(`volcano-${name}`));
    const offer = async () => {
      const { strata: names } = await data("study");
      const { strata } = await data(`contrast.${contrast.value}`);
      stratum.replaceChildren(...Object.keys(names).filter((s) => s in strata).map((s) => new Option(names[s], s)));
      const main = contrast.selectedOptions[0].dataset.stratum;
      stratum.value = main in strata ? main : stratum.options[0].value;
    };
    const update = async (changed) => {
      if (changed) await offer();
      Object.assign(volcano.dataset, { of: contrast.value, stratum: stratum.value, panel: panel.value });
    };
    contrast.addEventListener("change", async () => { await update(true); draw(volcano); });
    for (const select of [stratum, panel]) select.addEventListener("change", async () => { await update(false); draw(volcano); });
    update(true).then(() => watch.observe(volcano));
  }
  const sexes = document.getElementById("sex-contrast");
  if (sexes) {
    sexes.addEventListener("change", () => {
      const plot = document.getElementById("sex-plot");
      plot.dataset.of = sexes.value;
      draw(plot);
    });
  }
  for (const plot of plots) { plot.classList.add("waiting"); if (plot !== volcano) watch.observe(plot); }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => find(".plot.drawn").forEach(draw));

  // the searchable table
  async function fill(table) {
    const style = document.createElement("style");
    style.textContent = await unpack("library-datatables_css");
    document.head.prepend(style);
    const [{ default: DataTable }, { rows, vocabulary }] = await Promise.all([
      address("library-datatables").then((url) => import(url)), data("table"),
    ]);
    const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
    const signed = (x) => (x < 0 ? "−" : "+") + Math.abs(x).toFixed(2);
    const small = (x) => (x >= 0.001 ? x.toPrecision(2) : x.toExponential(1).replace("-", "−"));
    // one column: its place in a row, how it is shown; what is searched and sorted is the plain value
    const text = (title, place, show = (value) => escape(value)) => ({
      title, data: null, render: (row, kind) => (kind === "display" ? show(vocabulary[row[place]], row) : vocabulary[row[place]]),
    });
    const number = (title, place, show) => ({
      title, data: null, className: "dt-right", render: (row, kind) => {
        const value = row[place];
        if (kind === "display") return value === null ? "–" : show(value, row);
        return value === null ? (kind === "sort" ? Infinity : "") : value;
      },
    });
    const gene = {
      title: "Gene", data: null, render: ([human, own], kind) => {
        const [symbol, name] = [vocabulary[human] || vocabulary[own], vocabulary[own]];
        if (kind !== "display") return `${symbol} ${name}`;
        return `<b>${escape(symbol)}</b>${name.toUpperCase() === symbol.toUpperCase() ? "" : ` <span class="soft">${escape(name)}</span>`}`;
      },
    };
    const status = {
      title: "Status", data: null, className: "status", render: (row, kind) => {
        const [name, reason] = [vocabulary[row[12]], vocabulary[row[13]]];
        const words = reason ? `${name}: ${reason}` : name;
        return kind === "display" ? escape(words) : words;
      },
    };
    const columns = [
      gene, { ...text("Data set", 2), visible: false }, text("Contrast", 3, (value, row) => `${escape(value)}<br><span class="soft">${escape(vocabulary[row[2]])}</span>`), text("Stratum", 4),
      number("log2FC [95 % CI]", 5, (x, row) => `<b>${signed(x)}</b>${row[6] === null ? "" : ` <span class="soft">[${signed(row[6])}, ${signed(row[7])}]</span>`}`),
      number("p", 8, small), number("q", 9, small), number("MDE80", 10, (x) => x.toFixed(2)), text("Detected", 11), status,
    ];
    const shown = new DataTable(table, {
      data: rows, columns, order: [], pageLength: 25, deferRender: true, autoWidth: false,
      layout: { topStart: "search", topEnd: "info", bottomStart: "pageLength", bottomEnd: "paging" },
      language: { search: "Search", searchPlaceholder: "gene, data set, reason", info: "_START_ to _END_ of _TOTAL_ rows", infoFiltered: "(from _MAX_)", lengthMenu: "_MENU_ rows a page" },
    });
    for (const select of find("#table-filters select")) {
      const { column, part } = select.dataset;
      const exact = (value) => `^${value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}${part ? "" : "$"}`;
      select.addEventListener("change", () => shown.column(Number(column)).search(select.value && exact(select.value), true, false).draw());
    }
  }
  const table = document.getElementById("effects-table");
  const near = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) { near.disconnect(); fill(table); }
  }, { rootMargin: "600px" });
  near.observe(table);

  // contents: where we are; folded on narrow screens; a link into a closed fold opens it
  const links = find(".contents a");
  const here = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) for (const link of links) link.classList.toggle("here", link.hash === `#${target.id}`);
  }, { rootMargin: "-20% 0px -70% 0px" });
  for (const section of find("section")) here.observe(section);
  if (matchMedia("(max-width: 40rem)").matches) for (const fold of find(".gene details")) fold.open = false;
  if (matchMedia("(max-width: 68rem)").matches) document.querySelector(".contents details").open = false;
  const open = () => { const fold = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("details"); if (fold) fold.open = true; };
  window.addEventListener("hashchange", open);
  open();

  const print = document.getElementById("print");
  print.hidden = false;
  print.addEventListener("click", async () => {
    for (const fold of find("details")) fold.open = true;
    await Promise.all(plots.filter((plot) => !plot.classList.contains("drawn")).map(draw));
    window.print();
  });
})();
