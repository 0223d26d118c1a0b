// Draws [data-chart-url] when it comes into view; ECharts is fetched only by pages that have a chart.
// The URL answers {"kind": "line" | "bar" | "stacked", "categories": […], "unit": "min",
// "series": [{"name", "values": […], "tone"?}], "target"?: {"value", "label"}, "links"?: [url per category]}.
const LIBRARY = "./vendor/echarts-6.1.0.esm.min.js";
const TONES = ["indigo", "teal", "orange", "violet", "blue", "slate"];
const drawn = new Map();

// A canvas turns any CSS colour, light-dark() included, into one that ECharts can mix.
function colour(name) {
  const probe = document.createElement("span");
  probe.className = `ink-${name}`;
  document.body.append(probe);
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  pen.fillStyle = getComputedStyle(probe).color;
  probe.remove();
  pen.fillRect(0, 0, 1, 1);
  const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
  return `rgb(${red},${green},${blue})`;
}

function series(spec, one, index) {
  const ink = colour(one.tone ?? TONES[index % TONES.length]);
  const line = spec.kind === "line";
  const last = index === spec.series.length - 1;
  const label = { color: line ? ink : colour("muted"), fontSize: 12, fontFamily: "inherit" };
  return {
    name: one.name,
    type: line ? "line" : "bar",
    data: one.values,
    stack: spec.kind === "stacked" ? "all" : undefined,
    itemStyle: { color: ink, borderRadius: line || spec.kind === "stacked" ? 0 : [3, 3, 0, 0] },
    lineStyle: { color: ink, width: 2 },
    barMaxWidth: 28,
    symbol: "circle",
    symbolSize: 5,
    showSymbol: one.values.length < 32,
    connectNulls: false,
    labelLayout: { moveOverlap: "shiftY" },
    endLabel: line ? { ...label, show: true, formatter: spec.series.length > 1 ? "{a}" : "{c}" } : undefined,
    label: spec.kind === "bar" && spec.series.length === 1 && one.values.length < 16 ? { ...label, show: true, position: "top" } : undefined,
    markLine: spec.target && last ? target(spec.target) : undefined,
  };
}

function target({ value, label }) {
  return {
    silent: true,
    symbol: "none",
    data: [{ yAxis: value }],
    lineStyle: { color: colour("muted"), type: "dashed", width: 1 },
    label: { formatter: label, position: "insideStartTop", color: colour("muted"), fontSize: 12 },
  };
}

function option(spec) {
  const muted = colour("muted"), hairline = colour("hairline");
  const line = spec.kind === "line";
  return {
    animation: false,
    textStyle: { fontFamily: "inherit", color: muted },
    grid: { left: 4, right: line ? 64 : 8, top: 24, bottom: 8, containLabel: true },
    tooltip: { show: false },
    legend: spec.series.length > 1 && !line ? { top: 0, left: 0, icon: "circle", itemWidth: 8, itemHeight: 8, textStyle: { color: muted } } : undefined,
    xAxis: {
      type: "category",
      data: spec.categories,
      boundaryGap: !line,
      axisLine: { lineStyle: { color: hairline } },
      axisTick: { show: false },
      axisLabel: { color: muted, hideOverlap: true, margin: 12 },
    },
    yAxis: {
      type: "value",
      minInterval: spec.unit ? undefined : 1,
      splitLine: { lineStyle: { color: hairline } },
      axisLabel: { color: muted, formatter: spec.unit ? `{value} ${spec.unit}` : "{value}" },
    },
    series: spec.series.map((one, index) => series(spec, one, index)),
  };
}

function readout(place, spec, chart) {
  const line = document.createElement("p");
  line.className = "chart-readout";
  line.setAttribute("aria-hidden", "true");
  place.after(line);
  chart.getZr().on("mousemove", ({ offsetX, offsetY }) => {
    if (!chart.containPixel("grid", [offsetX, offsetY])) return (line.textContent = "");
    const at = chart.convertFromPixel({ xAxisIndex: 0 }, [offsetX, offsetY])[0] ?? chart.convertFromPixel({ xAxisIndex: 0 }, offsetX);
    const parts = spec.series.map((one) => `${one.name} ${one.values[at] ?? "none"}${spec.unit && one.values[at] != null ? ` ${spec.unit}` : ""}`);
    line.textContent = `${spec.categories[at]}: ${parts.join(", ")}`;
  });
  chart.getZr().on("globalout", () => (line.textContent = ""));
}

function nothing(place) {
  place.classList.add("chart-nothing");
  place.textContent = "Nothing was measured.";
}

async function draw(place) {
  place.classList.add("chart-waiting");
  try {
    const [library, answer] = await Promise.all([import(LIBRARY), fetch(place.dataset.chartUrl)]);
    if (!answer.ok) throw new Error(`${answer.status}`);
    const spec = await answer.json();
    if (!spec.series.some((one) => one.values.some((value) => value != null))) return nothing(place);
    const chart = library.init(place, null, { renderer: "svg" });
    chart.setOption(option(spec));
    readout(place, spec, chart);
    if (spec.links) chart.on("click", ({ dataIndex }) => location.assign(spec.links[dataIndex]));
    drawn.set(place, { chart, spec });
    new ResizeObserver(() => chart.resize()).observe(place);
  } catch (error) {
    place.classList.add("fragment-down");
    place.textContent = "The chart cannot be drawn now. The numbers are in the table below.";
    console.warn("chart", place.dataset.chartUrl, error);
  } finally {
    place.classList.remove("chart-waiting");
  }
}

const seen = new IntersectionObserver((entries) => {
  for (const { target: place, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(place);
    draw(place);
  }
}, { rootMargin: "200px" });

function watch() {
  for (const place of document.querySelectorAll("[data-chart-url]:not(.chart-seen)")) {
    place.classList.add("chart-seen");
    seen.observe(place);
  }
}

function recolour() {
  for (const { chart, spec } of drawn.values()) chart.setOption(option(spec), true);
}

watch();
document.addEventListener("htmx:after:swap", watch);
document.addEventListener("tocsin:theme", recolour);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
