"use strict";
// What each drawing looks like: data in, plotly's traces and layout out. Nothing here touches the page.
const charts = (() => {
  const shapes = { female: "circle", male: "square" };

  // plotly reads a little HTML in labels: untrusted text is escaped
  const safe = (text) => String(text ?? "").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const shape = (sex) => shapes[sex] ?? "triangle-up";
  const levels = (values) => [...new Set(values.map((v) => String(v ?? "unknown")))];
  const pick = (values, keep) => values.filter((_, i) => keep[i]);
  const power = (hundredths) => (10 ** (-hundredths / 100)).toPrecision(2);
  const signed = (x) => (x < 0 ? "−" : "+") + Math.abs(x).toFixed(2);
  // the same sideways step for the same sample, whoever draws it
  const step = (i) => (((i * 7) % 11) / 10 - 0.5);

  function layout(theme, x, y, more = {}) {
    const axis = (title) => ({
      title: { text: title, font: { size: 12 }, standoff: 8 }, gridcolor: theme.line, zerolinecolor: theme.line,
      linecolor: theme.line, tickfont: { size: 11 }, automargin: true,
    });
    return {
      font: { family: theme.font, color: theme.soft, size: 12 }, paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 50, r: 12, t: 12, b: 44 }, hovermode: "closest",
      hoverlabel: { bgcolor: theme.paper, bordercolor: theme.line, font: { color: theme.ink, family: theme.font }, align: "left" },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, font: { size: 11 } },
      ...more, xaxis: { ...axis(x), ...more.xaxis }, yaxis: { ...axis(y), ...more.yaxis },
    };
  }

  function samplePoints(d, x, y, by, theme) {
    const values = d[by].map((v) => String(v ?? "unknown"));
    const those = (included) => (by === "group" ? d.groups : levels(d[by]).sort()).map((level, i) => {
      const here = values.map((v, j) => v === level && x[j] !== null && y[j] !== null);
      const keep = here.map((k, j) => k && d.included[j] === included);
      const colour = by === "sex" && theme[level] ? theme[level] : theme.groups[i % theme.groups.length];
      return {
        type: "scatter", mode: "markers", name: safe(level), x: pick(x, keep), y: pick(y, keep),
        marker: {
          size: 9, color: colour, symbol: pick(d.sex.map((s, j) => (d.included[j] ? shape(s) : "x-thin-open")), keep),
          line: { width: pick(d.outlier.map((o, j) => (o || !d.included[j] ? 2 : 0)), keep), color: pick(d.included.map((k) => (k ? theme.ink : colour)), keep) },
        },
        text: pick(d.sample.map((s, j) => `<b>${safe(s)}</b><br>${safe(d.group[j])}, ${safe(d.sex[j] ?? "sex unknown")}${d.batch[j] === null ? "" : ", batch " + safe(d.batch[j])}${d.included[j] ? "" : "<br>excluded"}${d.outlier[j] ? "<br>flagged as outlier" : ""}`), keep),
        hovertemplate: "%{text}<br>%{x:.3~s}, %{y:.3~s}<extra></extra>",
        legendgroup: safe(level), showlegend: included || !here.some((k, j) => k && d.included[j]),
      };
    }).filter((trace) => trace.x.length);
    // a sample that was left out is the one to look at: on top of the others
    return [...those(true), ...those(false)];
  }

  function pca({ samples }, { of, by = "group" }, theme) {
    const d = samples[of];
    const label = (i) => `PC${i + 1}` + (d.explained[i] == null ? "" : ` (${Math.round(100 * d.explained[i])} %)`);
    return { data: samplePoints(d, d.pc1, d.pc2, by, theme), layout: layout(theme, label(0), label(1)) };
  }

  function totals({ samples }, { of }, theme) {
    const d = samples[of];
    return {
      data: samplePoints(d, d.total, d.detected, "group", theme),
      layout: layout(theme, d.counts ? "total counts" : "total intensity", "detected features", { xaxis: { exponentformat: "SI" }, yaxis: { tickformat: ",d" } }),
    };
  }

  function sexcheck({ samples }, { of }, theme) {
    const d = samples[of];
    const bySample = d.sex_x.every((v) => v === null);
    const x = bySample ? d.sample.map((_, i) => i + 1) : d.sex_x;
    const y = d.sex_y.every((v) => v === null) ? d.sample.map((_, i) => i + 1) : d.sex_y;
    return {
      data: samplePoints(d, x, y, "sex", theme),
      layout: layout(theme, bySample ? "sample" : "X-inactivation signal (log2)", y === d.sex_y ? "Y-linked signal (log2)" : "sample"),
    };
  }

  function missingness({ samples }, { of }, theme) {
    const { mean_abundance: x, missing_rate: y } = samples[of].missingness;
    return {
      data: [{ type: "scatter", mode: "lines+markers", x, y, line: { color: theme.accent, width: 2 }, marker: { size: 6 }, hovertemplate: "mean abundance %{x:.1f}: %{y:.0%} missing<extra></extra>" }],
      layout: layout(theme, "mean log2 abundance", "share missing", { yaxis: { rangemode: "tozero", tickformat: ".0%" }, showlegend: false }),
    };
  }

  function points({ points }, { of, inside }, theme) {
    const d = points[of][inside];
    const groups = d.groups, sexes = levels(d.sex).sort();
    const seen = d.value.filter((v) => v !== null);
    const low = Math.min(...seen), reach = Math.max(...seen) - low || 1;
    const floor = low - 0.18 * reach, unseen = d.value.some((v) => v === null);
    const data = sexes.map((sex) => {
      const keep = d.sex.map((s) => (s ?? "unknown") === sex);
      const side = sexes.length > 1 ? (sexes.indexOf(sex) - (sexes.length - 1) / 2) * 0.34 : 0;
      return {
        type: "scatter", mode: "markers", name: safe(sex),
        x: pick(d.group.map((g, i) => groups.indexOf(g ?? "unknown") + side + 0.2 * step(i)), keep),
        y: pick(d.value.map((v) => v ?? floor), keep),
        marker: {
          size: 7, color: theme[sex] ?? theme.soft, opacity: 0.85,
          symbol: pick(d.value.map((v, i) => (!d.included[i] ? "x-thin-open" : shape(d.sex[i]) + (v === null ? "-open" : ""))), keep),
        },
        text: pick(d.sample.map((s, i) => `<b>${safe(s)}</b><br>${safe(d.group[i])}, ${safe(d.sex[i] ?? "sex unknown")}<br>${d.value[i] === null ? "not detected" : d.value[i].toFixed(2)}${d.included[i] ? "" : "<br>excluded"}`), keep),
        hovertemplate: "%{text}<extra></extra>",
      };
    });
    const long = groups.some((g) => g.length > 9) || groups.length > 3;
    const ticks = { tickvals: groups.map((_, i) => i), ticktext: groups.map(safe), range: [-0.6, groups.length - 0.4], showgrid: false, tickangle: long ? -35 : 0 };
    const note = { x: 1, xref: "paper", y: floor, text: "not detected", showarrow: false, yshift: -12, xanchor: "right", font: { size: 10 } };
    return { data, layout: layout(theme, "", "log2 value", { xaxis: ticks, showlegend: sexes.length > 1, annotations: unseen ? [note] : [] }) };
  }

  const label = (c, i) => `<b>${safe(c.symbol[i] || c.feature[i])}</b>${c.human[i] && c.human[i] !== c.symbol[i] ? " (" + safe(c.human[i]) + ")" : ""}`;
  const effect = (s, i) => `${signed(s.x[i] / 1000)}${s.ci[i] === null ? "" : ` [${signed((s.x[i] - s.ci[i]) / 1000)}, ${signed((s.x[i] + s.ci[i]) / 1000)}]`}`;
  // neighbours are labelled on different sides
  const sides = Array.from({ length: 200 }, (_, i) => ["top center", "bottom center", "middle right", "middle left"][i % 4]);
  const names = (c, keep) => c.symbol.map((s, i) => (keep[i] ? safe(c.human[i] || s || c.feature[i]) : ""));

  function volcano({ contrast: c, study }, { stratum, panel }, theme) {
    const s = c.strata[stratum], axis = new Set(study.genes), chosen = new Set(panel ? study.panels[panel] : []);
    const known = s.x.map((x, i) => x !== null && s.y[i] !== null);
    const group = (test, name, marker, text) => {
      const keep = c.human.map((h, i) => known[i] && test(h, i));
      return {
        type: "scatter", mode: text ? "markers+text" : "markers", name, x: pick(s.x, keep).map((v) => v / 1000), y: pick(s.y, keep).map((v) => v / 100),
        marker, text: text ? pick(names(c, keep), keep) : undefined, textposition: sides, textfont: { size: 11, color: theme.ink },
        customdata: pick(c.feature.map((_, i) => (known[i] ? `${label(c, i)}<br>log2FC ${effect(s, i)}<br>p ${power(s.y[i])}${s.q[i] === null ? "" : ", q " + power(s.q[i])}` : "")), keep),
        hovertemplate: "%{customdata}<extra></extra>",
      };
    };
    const special = (h) => axis.has(h) || chosen.has(h);
    const called = (i) => s.called[i];
    const data = [
      group((h, i) => !special(h) && !called(i), "not called", { size: 4, color: theme.soft, opacity: 0.35 }),
      group((h, i) => !special(h) && called(i) && s.x[i] < 0, "down", { size: 5, color: theme.down, opacity: 0.75 }),
      group((h, i) => !special(h) && called(i) && s.x[i] >= 0, "up", { size: 5, color: theme.up, opacity: 0.75 }),
      group((h) => chosen.has(h) && !axis.has(h), safe((panel ?? "").replaceAll("_", " ")), { size: 8, color: theme.accent, symbol: "diamond" }, chosen.size <= 40),
      group((h) => axis.has(h), "axis genes", { size: 10, color: theme.ink, symbol: "circle-open", line: { width: 2 } }, true),
    ].filter((trace) => trace.x.length);
    const line = s.cut === null ? [] : [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: s.cut / 100, y1: s.cut / 100, line: { dash: "dash", width: 1, color: theme.soft } }];
    const say = (n) => n.toLocaleString("en");
    const caption = `${say(s.significant)} of ${say(s.tested)} tested features have q < ${study.fdr}. ` +
      (s.drawn < s.tested ? `${say(s.drawn)} are drawn: all axis and panel genes, the strongest, and of the dense rest one per small area.` : "All are drawn.");
    return { data, caption, layout: layout(theme, "log2 fold change, case over reference", "−log10 p", { shapes: line }) };
  }

  function sexscatter({ contrast: c, study }, _options, theme) {
    const { female, male, interaction } = c.strata, axis = new Set(study.genes);
    const known = female.x.map((x, i) => x !== null && male.x[i] !== null);
    const group = (test, name, marker, text) => {
      const keep = c.class.map((k, i) => known[i] && test(k, i));
      return {
        type: "scatter", mode: text ? "markers+text" : "markers", name, marker, textposition: sides, textfont: { size: 11, color: theme.ink },
        x: pick(female.x, keep).map((v) => v / 1000), y: pick(male.x, keep).map((v) => v / 1000),
        text: text ? pick(names(c, keep), keep) : undefined,
        customdata: pick(c.feature.map((_, i) => (known[i] ? `${label(c, i)}<br>female ${effect(female, i)}<br>male ${effect(male, i)}` + (interaction && interaction.x[i] !== null ? `<br>interaction ${effect(interaction, i)}${interaction.q[i] === null ? "" : ", q " + power(interaction.q[i])}` : "") + `<br>${safe(study.classes[c.class[i]] ?? "not classed: no interaction shown")}` : "")), keep),
        hovertemplate: "%{customdata}<extra></extra>",
      };
    };
    const data = [
      group((k) => !(k in study.looks), "not classed", { size: 4, color: theme.soft, opacity: 0.35 }),
      ...Object.entries(study.looks).map(([k, [colour, symbol]]) => group((j) => j === k, study.classes[k], { size: 8, color: theme[colour] ?? colour, symbol })),
      group((_, i) => axis.has(c.human[i]), "axis genes", { size: 13, color: theme.ink, symbol: "circle-open", line: { width: 1.5 } }, true),
    ].filter((trace) => trace.x.length);
    const all = data.flatMap((t) => [...t.x, ...t.y]), low = Math.min(...all), high = Math.max(...all);
    const identity = { type: "line", x0: low, x1: high, y0: low, y1: high, layer: "below", line: { width: 1, color: theme.soft, dash: "dot" } };
    const caption = `${known.filter(Boolean).length.toLocaleString("en")} of ${Math.max(female.tested, male.tested).toLocaleString("en")} features are drawn.`;
    return { data, caption, layout: layout(theme, "log2 fold change in females", "log2 fold change in males", { shapes: [identity], xaxis: { constrain: "domain" }, yaxis: { scaleanchor: "x", constrain: "domain" } }) };
  }

  return { pca, totals, sexcheck, missingness, points, volcano, sexscatter };
})();
