/// How a report looks: on a wide and a narrow screen, light and dark, and on paper.
enum StyleSheet {
    static let text: StaticString = """

        :root {
          color-scheme: light dark;
          --ink: #1b1f24; --soft: #59636e; --line: #d5dae0; --faint: #f4f6f8; --page: #ffffff; --link: #0b5394;
          --critical: #8c1313; --high: #b23c0a; --medium: #7a5a00; --low: #2a5d8a; --informational: #59636e;
          --good: #1f6b3a; --badge: #ffffff; --warn: #fff7e0; --warn-line: #d9a400;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ink: #e4e8ec; --soft: #a3adb8; --line: #363d45; --faint: #1f242a; --page: #15191d; --link: #8ec1f5;
            --critical: #ff9b94; --high: #ffb37a; --medium: #ecc94b; --low: #90c2f2; --informational: #b4bdc7;
            --good: #7fd49c; --badge: #15191d; --warn: #2d2710; --warn-line: #b08a12;
          }
        }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
        body {
          margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 74rem; background: var(--page); color: var(--ink);
          font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif;
          overflow-wrap: break-word;
        }
        a { color: var(--link); text-underline-offset: .15em; }
        a:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
        .skip { position: absolute; left: -999rem; }
        .skip:focus { position: static; }
        .eyebrow { margin: 0; color: var(--soft); font-size: .875rem; }
        h1 { margin: .2rem 0 1rem; font-size: 2rem; line-height: 1.2; letter-spacing: -.01em; }
        h2 { margin: 3rem 0 .75rem; padding-top: .75rem; border-top: 2px solid var(--ink); font-size: 1.45rem; line-height: 1.25; }
        h3 { margin: 1.75rem 0 .4rem; font-size: 1.1rem; line-height: 1.35; }
        h3 code, h4 code { font-weight: 400; }
        h4 { display: inline; margin: 0; font-size: 1rem; font-weight: 600; }
        h4.account { display: block; margin: 1rem 0 .3rem; }
        h5 { margin: 1rem 0 .3rem; font-size: .875rem; color: var(--soft); }
        p { margin: .5rem 0 .9rem; max-width: 52rem; }
        .lead { font-size: 1.2rem; line-height: 1.45; }
        nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0; padding: 0; list-style: none; font-size: .95rem; }
        code { font: .875em/1.45 ui-monospace, "SFMono-Regular", Consolas, "Liberation Mono", monospace; unicode-bidi: isolate; overflow-wrap: anywhere; }
        code.short { overflow-wrap: normal; white-space: nowrap; }
        td, dd, li, p, h4, .detail, .statement { overflow-wrap: break-word; }
        td .statement, td .message { overflow-wrap: anywhere; }
        .message { unicode-bidi: isolate-override; direction: ltr; }
        time { font-variant-numeric: tabular-nums; white-space: nowrap; }
        .detail { display: block; color: var(--soft); font-size: .8125rem; line-height: 1.45; }
        .detail .detail { display: inline; font-size: inherit; }
        .detail .detail::before { content: " "; }
        .statement { display: block; }
        .none { color: var(--soft); }
        .omission { color: var(--soft); font-style: italic; }
        .steers, .cut { border-radius: 3px; background: var(--warn); box-shadow: inset 0 0 0 1px var(--warn-line); font-size: .85em; }
        .badge {
          display: inline-block; min-width: 4.6em; padding: .05em .6em; border-radius: 3px; background: var(--informational);
          color: var(--badge); font-size: .8125rem; font-weight: 600; line-height: 1.5; text-align: center; white-space: nowrap;
        }
        .badge.critical { background: var(--critical); } .badge.high { background: var(--high); }
        .badge.medium { background: var(--medium); } .badge.low { background: var(--low); }
        .badge.over { background: none; color: var(--good); box-shadow: inset 0 0 0 1px var(--good); }
        .caveats { max-width: 52rem; margin: 1rem 0; padding: .7rem 1rem .7rem 2rem; border-left: 4px solid var(--warn-line); background: var(--warn); }
        .verdict { padding: .7rem 1rem; border-left: 4px solid var(--good); background: var(--faint); }
        .verdict.broken { border-color: var(--critical); }
        .worst { max-width: 60rem; padding: 0; list-style: none; }
        .worst li { position: relative; margin: 0 0 .7rem; padding-left: 6.6rem; }
        .worst .badge { position: absolute; left: 0; top: .15em; width: 5.9rem; }
        table { width: 100%; margin: .75rem 0 1.25rem; border-collapse: collapse; font-size: .9375rem; line-height: 1.4; }
        caption { padding: 0 0 .3rem; color: var(--soft); font-size: .875rem; font-weight: 600; text-align: left; }
        th, td { padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
        thead th { border-bottom: 1px solid var(--soft); color: var(--soft); font-size: .8125rem; font-weight: 600; }
        table.counts { width: auto; }
        .counts td, .files td { font-variant-numeric: tabular-nums; }
        .counts th, .counts td { padding-right: 1.75rem; }
        .calls, .shares { table-layout: fixed; font-size: .875rem; }
        .calls th:nth-child(1) { width: 11.5rem; } .calls th:nth-child(2) { width: 17%; } .calls th:nth-child(3) { width: 26%; }
        .calls th:nth-child(5) { width: 17%; }
        .shares th:nth-child(1) { width: 15%; } .shares th:nth-child(4), .shares th:nth-child(5) { width: 21%; } .shares th:nth-child(6) { width: 15%; }
        .files td:first-child { min-width: 20rem; }
        details { margin: .5rem 0; border: 1px solid var(--line); border-radius: 5px; }
        details > :not(summary) { margin-left: 1rem; margin-right: 1rem; }
        details > table { width: calc(100% - 2rem); }
        summary { padding: .6rem 1rem; border-radius: 5px; cursor: pointer; }
        summary:hover { background: var(--faint); }
        details[open] > summary { border-bottom: 1px solid var(--line); border-radius: 5px 5px 0 0; }
        summary h3 { display: inline; margin: 0; }
        .finding.over h4 { font-weight: 400; }
        .finding > summary .detail { padding-left: 1.1rem; }
        .timeline > summary .detail { padding-left: 1.1rem; }
        :target { outline: 3px solid var(--link); outline-offset: 2px; }
        .rule-facts { color: var(--soft); font-size: .875rem; }
        dl { display: grid; grid-template-columns: 10rem 1fr; gap: .3rem 1rem; margin: .9rem 1rem; font-size: .9375rem; }
        dt { color: var(--soft); } dd { margin: 0; }
        pre { margin: .4rem 1rem .8rem; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: 4px; background: var(--faint); white-space: pre-wrap; }
        section > pre { margin-left: 0; }
        section > dl { margin-left: 0; }
        footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .875rem; }
        .finding-link { display: block; font-size: .8125rem; overflow-wrap: anywhere; }
        @media (max-width: 46rem) {
          body { padding: 1rem .9rem 3rem; }
          h1 { font-size: 1.55rem; } h2 { font-size: 1.25rem; margin-top: 2.25rem; } .lead { font-size: 1.08rem; }
          .worst li { padding-left: 0; } .worst .badge { position: static; width: auto; }
          thead { position: absolute; left: -999rem; }
          table, tbody, tr, td, caption, details > table { display: block; width: auto; }
          table.few { display: table; width: 100%; } .few thead { display: table-header-group; position: static; }
          .few tbody { display: table-row-group; } .few tr { display: table-row; } .few caption { display: table-caption; }
          .few td { display: table-cell; padding: .4rem .5rem .4rem 0; border-bottom: 1px solid var(--line); }
          .few td::before { content: none; } .few th { padding-right: .5rem; }
          tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
          td { display: grid; grid-template-columns: 7.5rem minmax(0, 1fr); gap: 0 .6rem; padding: .12rem 0; border: 0; min-width: 0; }
          td::before { content: attr(data-label); grid-column: 1; grid-row: 1 / span 20; color: var(--soft); font-size: .8125rem; }
          td > * { grid-column: 2; justify-self: start; }
          .files td:first-child { min-width: 0; }
          dl { display: block; } dt { margin-top: .5rem; font-size: .8125rem; }
          details > :not(summary) { margin-left: .7rem; margin-right: .7rem; }
          summary { padding: .55rem .7rem; }
          .finding-link { white-space: normal; }
          code.short { white-space: normal; overflow-wrap: anywhere; }
        }
        @page { size: A4; margin: 15mm 14mm 17mm; @bottom-right { content: counter(page) " / " counter(pages); font: 9pt sans-serif; color: #555; } }
        @media print {
          :root {
            color-scheme: light;
            --ink: #000000; --soft: #444b52; --line: #c4c9ce; --faint: #f4f6f8; --page: #ffffff; --link: #000000;
            --critical: #8c1313; --high: #b23c0a; --medium: #7a5a00; --low: #2a5d8a; --informational: #59636e;
            --good: #1f6b3a; --badge: #ffffff; --warn: #fff7e0; --warn-line: #d9a400;
          }
          html { font-size: 9pt; }
          body { padding: 0; max-width: none; font-size: 1rem; line-height: 1.4; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          nav, .skip { display: none; }
          a { text-decoration: none; }
          h2, h3, h4, h5, caption, summary { break-after: avoid; }
          tr, pre, .worst li, dl, .finding { break-inside: avoid; }
          thead { display: table-header-group; }
          .files td:first-child { min-width: 0; }
          .calls, .shares { font-size: .8125rem; } .calls th:nth-child(1) { width: 10.5rem; } .shares th:nth-child(1) { width: 18%; }
          .shares code.short, .calls code.short { white-space: normal; overflow-wrap: anywhere; }
          details { border: 0; border-top: 1px solid var(--line); border-radius: 0; }
          summary { padding: 6pt 0 2pt; list-style: none; }
          summary::-webkit-details-marker { display: none; }
          details[open] > summary { border: 0; }
          details::details-content { content-visibility: visible; display: block; block-size: auto; }
          details > :not(summary) { margin-left: 8pt; margin-right: 0; }
          .finding > summary .detail, .timeline > summary .detail { padding-left: 0; }
          .finding-link { white-space: normal; }
          :target { outline: 0; }
        }

        """
}
