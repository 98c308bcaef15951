// The map to explore. Leaflet draws it from the JSON beside it; places count in cells of the grid, y downwards.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const frame = document.getElementById("map");
  const find = id => document.getElementById(id);
  const place = (x, y) => L.latLng(-y, x);
  const escaped = text => Object.assign(document.createElement("i"), { textContent: text }).innerHTML;

  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  frame.replaceChildren();
  frame.classList.add("live");
  const map = L.map(frame, {
    crs: L.CRS.Simple, zoomSnap: 0, zoomDelta: 0.75, minZoom: -4, maxZoom: 4.5, wheelPxPerZoomLevel: 90,
    maxBounds: L.latLngBounds(place(0, 0), place(...data.size)).pad(0.3), maxBoundsViscosity: 0.8,
    attributionControl: false, zoomControl: false, preferCanvas: true, renderer: L.canvas({ tolerance: 7, padding: 0.3 }),
    zoomAnimation: !calm, fadeAnimation: false, inertia: !calm,
  });
  L.control.zoom({ position: "topleft" }).addTo(map);
  L.control.attribution({ prefix: false, position: "bottomright" }).addAttribution((data.photos.some(photo => photo.simulated) ? "SIMULATED light · " : "") + "© OpenStreetMap, GeoNames").addTo(map);
  const home = () => {
    const [x, y, half] = data.focus;
    const { x: width, y: height } = map.getSize();
    const down = half * height / width;
    map.fitBounds(L.latLngBounds(place(x - half, y - down), place(x + half, y + down)), { animate: false });
  };
  home();

  // Pictures: a pane for each date, so that one may be clipped by the swipe; over the photo, what is chosen.
  const panes = {};
  for (const side of ["before", "after"]) {
    for (const kind of ["photo", "over"]) {
      const pane = map.createPane(side + "-" + kind);
      pane.style.zIndex = 200 + (side === "after" ? 2 : 0) + (kind === "over" ? 1 : 0);
      pane.style.pointerEvents = "none";
    }
    panes[side] = { shown: L.layerGroup().addTo(map), images: [] };
  }
  const box = ([left, top, right, bottom]) => L.latLngBounds(place(left, top), place(right, bottom));

  const choice = {
    date: data.first, before: 0, compare: false, kind: "photo",
    layers: { borders: true, motorways: true, towns: false, names: true },
  };

  function drawPictures() {
    for (const [side, at] of [["before", choice.before], ["after", choice.date]]) {
      const { shown } = panes[side];
      shown.clearLayers();
      panes[side].images = [];
      if (side === "before" && !choice.compare) continue;
      const add = (kind, pane) => {
        data.photos[at].images[kind].forEach((image, index) => {
          const overlay = L.imageOverlay(image.src, box(image.box), { pane, alt: "" });
          panes[side].images.push({ overlay, bounds: box(image.box), sharp: index > 0 });
        });
      };
      const over = choice.kind === "tone" || choice.kind === "sigma";
      add("photo", side + "-photo");
      if (over) add(choice.kind, side + "-over");
      map.getPane(side + "-photo").classList.toggle("grey", choice.kind === "light");
    }
    sharpen();
    fade();
    clip();
  }

  // Pictures as fine as the grid are shown where they are seen, from the zoom on at which they help.
  function sharpen() {
    const near = map.getZoom() > -1.2, view = map.getBounds().pad(0.1);
    for (const { shown, images } of Object.values(panes)) {
      for (const { overlay, bounds, sharp } of images) {
        const wanted = !sharp || (near && view.intersects(bounds));
        if (wanted !== shown.hasLayer(overlay)) wanted ? shown.addLayer(overlay) : shown.removeLayer(overlay);
      }
    }
  }

  function fade() {
    const share = find("map-opacity").value / 100;
    const over = choice.kind === "tone" || choice.kind === "sigma";
    for (const side of ["before", "after"]) {
      map.getPane(side + "-over").style.opacity = share;
      map.getPane(side + "-photo").style.opacity = over ? 1 : share;
    }
  }

  // Before and after: a line to drag, or to move with the arrow keys.
  const divider = find("map-divider");
  let split = 0.5;
  function clip() {
    const [from, size] = [map.containerPointToLayerPoint([0, 0]), map.getSize()];
    const middle = from.x + size.x * split;
    const area = (left, right) =>
      `polygon(${[[left, from.y], [right, from.y], [right, from.y + size.y], [left, from.y + size.y]].map(p => p.map(v => v.toFixed(1) + "px").join(" ")).join(",")})`;
    for (const kind of ["photo", "over"]) {
      map.getPane("before-" + kind).style.clipPath = choice.compare ? area(from.x, middle) : "";
      map.getPane("after-" + kind).style.clipPath = choice.compare ? area(middle, from.x + size.x) : "";
    }
    if (!divider) return;
    divider.hidden = !choice.compare;
    divider.style.left = 100 * split + "%";
    divider.setAttribute("aria-valuenow", Math.round(100 * split));
    divider.dataset.before = data.photos[choice.before].day;
    divider.dataset.after = data.photos[choice.date].day;
  }
  function slide(share) { split = Math.min(0.98, Math.max(0.02, share)); clip(); }
  if (divider) {
    frame.append(divider);
    L.DomEvent.disableClickPropagation(divider);
    divider.addEventListener("pointerdown", event => { event.preventDefault(); divider.focus(); divider.setPointerCapture(event.pointerId); });
    divider.addEventListener("pointermove", event => {
      if (!divider.hasPointerCapture(event.pointerId)) return;
      const { left, width } = frame.getBoundingClientRect();
      slide((event.clientX - left) / width);
    });
    divider.addEventListener("keydown", event => {
      const step = { ArrowLeft: -0.05, ArrowDown: -0.05, ArrowRight: 0.05, ArrowUp: 0.05, Home: -1, End: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      slide(split + step);
    });
  }

  // What was measured: lines and points that tell their figures.
  const groups = { borders: L.layerGroup(), motorways: L.layerGroup(), towns: L.layerGroup(), names: L.layerGroup() };
  const spoken = find("map-told");
  const parts = flat => { const out = []; for (let i = 0; i < flat.length; i += 2) out.push(place(flat[i], flat[i + 1])); return out; };
  function tells(layer, feature, group) {
    const html = `<b>${escaped(feature.title)}</b><br>${escaped(feature.told)}`;
    layer.bindTooltip(html, { sticky: true, className: "tells", opacity: 1, direction: "auto" }).bindPopup(html, { className: "tells", maxWidth: 300, autoPan: true });
    layer.on("click mouseover", () => { spoken.textContent = feature.title + ". " + feature.told; });
    layer.on("popupopen", () => layer.closeTooltip());
    return layer.addTo(group);
  }
  function shape(feature, group) {
    if (feature.line) {
      const line = parts(feature.line);
      L.polyline(line, { color: "#0b0e13", weight: feature.wide ? 5 : 6, opacity: 0.55, interactive: false }).addTo(group);
      return tells(L.polyline(line, { color: feature.colour, weight: feature.wide ? 3 : 3.5 }), feature, group);
    }
    const style = { color: feature.colour, weight: 2, fillColor: feature.colour, fillOpacity: 0.12 };
    if (feature.metres) return tells(L.circle(place(...feature.at), { ...style, weight: 1.4, radius: feature.metres / data.cell }), feature, group);
    return tells(L.circleMarker(place(...feature.at), { ...style, radius: feature.radius, fillOpacity: 0.5 }), feature, group);
  }
  let places = [];
  function drawFigures() {
    const photo = data.photos[choice.date];
    places = [];
    for (const group of ["borders", "motorways", "towns"]) {
      groups[group].clearLayers();
      if (group === "borders") for (const { line } of data.lines) L.polyline(parts(line), { color: "#ece8e1", weight: 1.4, interactive: false }).addTo(groups.borders);
      for (const feature of photo[group]) {
        const layer = shape(feature, groups[group]);
        if (feature.goto) places.push({ group, feature, layer });
      }
    }
    fillPlaces();
  }
  function fillPlaces() {
    const list = find("map-goto");
    list.length = 1;
    list.querySelectorAll("optgroup").forEach(group => group.remove());
    for (const label of new Set(places.map(one => one.feature.goto))) {
      const group = Object.assign(document.createElement("optgroup"), { label });
      places.forEach((one, index) => {
        if (one.feature.goto === label && group.children.length < 60) group.append(new Option(one.feature.title.split(",")[0], index));
      });
      list.append(group);
    }
  }
  function drawNames() {
    groups.names.clearLayers();
    const taken = [], view = map.getBounds(), em = 12;
    for (const { at, name, people } of data.names) {
      const where = place(...at);
      if (!view.contains(where)) continue;
      const { x, y } = map.latLngToContainerPoint(where);
      const room = [x - 6, y - 8, x + 0.62 * em * name.length + 10, y + 8];
      if (taken.some(other => room[0] < other[2] && other[0] < room[2] && room[1] < other[3] && other[1] < room[3])) continue;
      if (taken.length > 24) break;
      taken.push(room);
      const icon = L.divIcon({ className: people > 1e5 ? "name large" : "name", html: escaped(name), iconSize: [0, 0] });
      L.marker(where, { icon, interactive: false, keyboard: false }).addTo(groups.names);
    }
  }
  function drawLayers() {
    for (const [name, group] of Object.entries(groups)) {
      if (choice.layers[name]) group.addTo(map); else group.remove();
    }
  }

  // The controls.
  function scale() {
    const photo = data.photos[choice.date];
    for (const key of document.querySelectorAll("[data-key]")) key.hidden = key.dataset.key !== choice.kind;
    const [low, high] = photo.sigma;
    find("sigma-low").textContent = low === null ? "" : low + " m";
    find("sigma-high").textContent = high === null ? "" : high + " m";
  }
  const listen = (id, event, act) => find(id)?.addEventListener(event, act);
  for (const input of document.querySelectorAll('input[name="map-kind"]')) {
    input.addEventListener("change", () => { choice.kind = input.value; drawPictures(); scale(); });
  }
  for (const input of document.querySelectorAll("input[data-layer]")) {
    choice.layers[input.dataset.layer] = input.checked;
    input.addEventListener("change", () => { choice.layers[input.dataset.layer] = input.checked; drawLayers(); });
  }
  listen("map-opacity", "input", fade);
  listen("map-date", "change", event => { choice.date = +event.target.value; drawPictures(); drawFigures(); scale(); });
  listen("map-before", "change", event => { choice.before = +event.target.value; drawPictures(); });
  listen("map-compare", "change", event => {
    choice.compare = event.target.checked;
    find("map-before-choice").hidden = !choice.compare;
    if (choice.compare && choice.before === choice.date) {
      choice.before = choice.date ? 0 : 1;
      find("map-before").value = choice.before;
    }
    drawPictures();
  });
  listen("map-home", "click", home);
  listen("map-goto", "change", event => {
    const chosen = places[event.target.value];
    if (!chosen) return;
    const { group, feature, layer } = chosen;
    choice.layers[group] = true;
    const input = document.querySelector(`input[data-layer="${group}"]`);
    if (input) input.checked = true;
    drawLayers();
    map.setView(place(...feature.at), Math.max(map.getZoom(), 0.5), { animate: false });
    layer.openPopup(place(...feature.at));
    spoken.textContent = feature.title + ". " + feature.told;
  });
  // One finger moves the page and two move the map, one as well where it fills the screen; the wheel zooms
  // once the map is in use, or with Ctrl.
  const touch = matchMedia("(pointer: coarse)").matches, whole = find("map-whole"), fill = find("map-full");
  function settle(full) {
    whole.classList.toggle("full", full);
    fill.setAttribute("aria-pressed", full);
    fill.textContent = full ? "Close" : "Full screen";
    if (touch) full ? map.dragging.enable() : map.dragging.disable();
    full ? map.scrollWheelZoom.enable() : map.scrollWheelZoom.disable();
    map.invalidateSize({ animate: false });
    drawNames();
  }
  settle(false);
  fill.addEventListener("click", () => settle(!whole.classList.contains("full")));
  whole.addEventListener("keydown", event => {
    if (event.key === "Escape" && whole.classList.contains("full")) { settle(false); fill.focus(); }
  });
  const full = () => whole.classList.contains("full");
  frame.addEventListener("pointerdown", () => map.scrollWheelZoom.enable());
  frame.addEventListener("focus", () => map.scrollWheelZoom.enable());
  frame.addEventListener("mouseleave", () => { if (!full()) map.scrollWheelZoom.disable(); });
  frame.addEventListener("wheel", event => { if (event.ctrlKey) map.scrollWheelZoom.enable(); }, { capture: true, passive: true });
  map.on("move zoom viewreset resize", clip);
  map.on("moveend", () => { sharpen(); drawNames(); });
  for (const link of document.querySelectorAll("[data-go]")) {
    link.addEventListener("click", () => {
      const [x, y, half] = link.dataset.go.split(" ").map(Number);
      map.fitBounds(L.latLngBounds(place(x - half, y - half), place(x + half, y + half)), { animate: false });
    });
  }

  drawPictures();
  drawFigures();
  drawLayers();
  drawNames();
  scale();
  find("map-tools").hidden = false;
})();
