/* Draws each chart from the table beside it, so that picture and table cannot disagree. */
(() => {
  "use strict";

  const SERIES = ["proposals-published", "proposals-recorded", "awards-published", "awards-recorded", "yen-committed", "yen-staged", "rate-recorded"];
  const BESIDE = window.matchMedia("screen and (width >= 1100px)");

  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();

  /* The number a reader sees in the cell; null where there is none, such as "not published". */
  const numberIn = (cell) => {
    const text = cell ? (cell.querySelector("a") ?? cell).textContent.trim().replaceAll(",", "") : "";
    return /^\d+(\.\d+)?$/.test(text) ? Number(text) : null;
  };

  const rowsOf = (table) => {
    let group = "";
    return [...table.querySelectorAll("tbody tr")].map((row) => {
      group = row.querySelector("th[scope=rowgroup]")?.textContent.trim() ?? group;
      const own = row.querySelector("th[scope=row]").textContent.trim();
      const values = SERIES.map((series) => numberIn(row.querySelector(`[data-series="${series}"]`)));
      return { label: `${group} ${own}`.trim(), values };
    });
  };

  const look = (series) => {
    const line = colour(/^(awards|yen)/.test(series) ? "--chart-award" : "--chart-count");
    const fill = /(recorded|committed)$/.test(series) ? line : "transparent";
    return { backgroundColor: fill, borderColor: line, borderWidth: 1.5, borderSkipped: false };
  };

  const datasets = (rows) =>
    SERIES.map((series, place) => ({
      label: series,
      data: rows.map((row) => row.values[place]),
      ...look(series),
      barPercentage: 0.9,
      categoryPercentage: 0.75,
      minBarLength: 0,
    })).filter((dataset) => dataset.data.some((value) => value !== null));

  /* The recorded number at the end of its bar. */
  const numbers = {
    id: "numbers",
    afterDatasetsDraw(chart) {
      const { ctx } = chart;
      ctx.save();
      ctx.fillStyle = colour("--ink");
      ctx.font = `12px ${colour("--type")}`;
      ctx.textBaseline = "middle";
      chart.data.datasets.forEach((dataset, place) => {
        if (!dataset.label.endsWith("recorded")) return;
        chart.getDatasetMeta(place).data.forEach((bar, row) => {
          const value = dataset.data[row];
          if (value !== null) ctx.fillText(value.toLocaleString("en"), bar.x + 5, bar.y);
        });
      });
      ctx.restore();
    },
  };

  /* Beside its table, a chart keeps each bar on the line of its row; under it, it only leaves room for the key. */
  const padding = (figure, table) => {
    if (!BESIDE.matches) return { top: figure.querySelector("figcaption").offsetHeight + 8, right: 32 };
    const frame = figure.getBoundingClientRect();
    const bodies = table.tBodies;
    const top = bodies[0].getBoundingClientRect().top - frame.top;
    return { top: Math.max(top, 0), right: 32 };
  };

  /* The axis stands under the last row, so the drawing ends where the rows end. */
  const axisHeight = (figure, table) => {
    if (!BESIDE.matches) return undefined;
    const end = table.tBodies[table.tBodies.length - 1].getBoundingClientRect().bottom;
    return Math.max(figure.getBoundingClientRect().bottom - end, 0);
  };

  /* Yen are too many digits for an axis: the reader's language shortens them. */
  const short = new Intl.NumberFormat(document.documentElement.lang, { notation: "compact" });

  const inYen = (bars) => bars.some((dataset) => dataset.label.startsWith("yen"));

  const options = (figure, table, bars) => ({
    indexAxis: "y",
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    events: [],
    layout: { padding: padding(figure, table) },
    plugins: { legend: { display: false }, tooltip: { enabled: false } },
    scales: {
      x: {
        beginAtZero: true,
        stacked: "stacked" in figure.dataset,
        grid: { color: colour("--chart-line") },
        ticks: {
          precision: 0,
          color: colour("--ink-quiet"),
          font: { size: 12 },
          maxTicksLimit: 6,
          ...(inYen(bars) && { callback: (value) => short.format(value) }),
        },
        afterFit(scale) {
          scale.height = axisHeight(figure, table) ?? scale.height;
        },
      },
      y: {
        stacked: "stacked" in figure.dataset,
        grid: { display: false },
        ticks: { autoSkip: false, color: colour("--ink"), font: { size: 12 } },
      },
    },
  });

  const draw = (figure) => {
    const table = document.getElementById(figure.dataset.table);
    const rows = rowsOf(table);
    const bars = datasets(rows);
    if (!rows.length || !bars.length) return;
    figure.style.setProperty("--rows", rows.length);
    figure.style.setProperty("--row", `${Math.max(24, 12 * bars.length)}px`);
    figure.hidden = false;
    Chart.defaults.font.family = colour("--type");
    const chart = new Chart(figure.querySelector("canvas"), {
      type: "bar",
      data: { labels: rows.map((row) => row.label), datasets: bars },
      options: options(figure, table, bars),
      plugins: [numbers],
    });
    const redraw = () => {
      chart.options.layout.padding = padding(figure, table);
      chart.resize();
      chart.update("none");
    };
    new ResizeObserver(redraw).observe(table);
    window.matchMedia("print").addEventListener("change", redraw);
  };

  /* Lines over the days of a table; the second is dashed, so that colour alone tells nothing. */
  const drawLines = (figure) => {
    const rows = [...document.getElementById(figure.dataset.lines).querySelectorAll("tbody tr")];
    const line = (series, look) => ({
      label: series,
      data: rows.map((row) => numberIn(row.querySelector(`[data-series="${series}"]`))),
      borderColor: colour("--chart-count"),
      borderWidth: 2,
      pointRadius: 0,
      ...look,
    });
    const lines = [line("so-far", {}), line("last-call", { borderDash: [5, 4], borderWidth: 1.5 })];
    const drawn = lines.filter((dataset) => dataset.data.some((value) => value !== null));
    if (!rows.length || !drawn.length) return;
    figure.hidden = false;
    Chart.defaults.font.family = colour("--type");
    const ticks = { color: colour("--ink-quiet"), font: { size: 12 } };
    new Chart(figure.querySelector("canvas"), {
      type: "line",
      data: { labels: rows.map((row) => row.querySelector("[data-label]").textContent), datasets: drawn },
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        events: [],
        plugins: { legend: { display: false }, tooltip: { enabled: false } },
        scales: {
          x: { grid: { display: false }, ticks: { ...ticks, maxTicksLimit: 10, maxRotation: 0 } },
          y: { beginAtZero: true, grid: { color: colour("--chart-line") }, ticks: { ...ticks, precision: 0 } },
        },
      },
    });
  };

  document.querySelectorAll(".chart[data-table]").forEach(draw);
  document.querySelectorAll(".chart[data-lines]").forEach(drawLines);
})();
