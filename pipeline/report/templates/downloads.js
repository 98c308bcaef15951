// Every table downloads as CSV and every chart as PNG, made on the page itself.
(() => {
  "use strict";
  function save(blob, name) {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
  // A cell that a spreadsheet would take for a formula stays text; a number keeps its sign.
  function cell(text) {
    const plain = text.trim().replace(/\s+/g, " ").replace(/\u2212(?=\d)/g, "-");
    const safe = /^[=@+\-\t]/.test(plain) && !/^[+-]?[\d .]+%?$/.test(plain) ? "'" + plain : plain;
    return /[",\n]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
  }
  const csv = table => [...table.rows].map(row => [...row.cells].map(one => cell(one.textContent)).join(",")).join("\r\n") + "\r\n";
  function png(image, name) {
    const canvas = document.createElement("canvas");
    const sharp = 2 * Math.max(1, image.clientWidth / image.naturalWidth);
    [canvas.width, canvas.height] = [sharp * image.naturalWidth, sharp * image.naturalHeight];
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#0b0e13";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob(blob => save(blob, name + ".png"), "image/png");
  }
  function button(words, label, act) {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "save", textContent: words });
    made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  }
  document.querySelectorAll("table[data-name]").forEach(table => {
    const name = table.dataset.name;
    table.closest(".scroll, .whole").before(button("CSV", "Download as CSV: " + name, () => save(new Blob(["\ufeff" + csv(table)], { type: "text/csv" }), name + ".csv")));
  });
  document.querySelectorAll("figure[data-name]").forEach(figure => {
    const name = figure.dataset.name;
    const saver = button("PNG", "Download as PNG: " + name, () => png(figure.querySelector("img"), name));
    const caption = figure.querySelector("figcaption");
    if (caption) caption.append(" ", saver); else figure.append(saver);
  });
})();
