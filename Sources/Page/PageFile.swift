/// A file of the page that shows a run; it is a part of the program.
package struct PageFile: Sendable {
    package let contentType: String
    package let bytes: [UInt8]

    /// A file by its name in `Files`; nil when there is none.
    package static func named(_ name: String) -> PageFile? { all[name] }

    private static func script(_ bytes: [UInt8]) -> PageFile {
        PageFile(contentType: "text/javascript; charset=utf-8", bytes: bytes)
    }

    private static let all = [
        "index.html": PageFile(contentType: "text/html; charset=utf-8", bytes: PackageResources.index_html),
        "page.css": PageFile(contentType: "text/css; charset=utf-8", bytes: PackageResources.page_css),
        "icon.svg": PageFile(contentType: "image/svg+xml", bytes: PackageResources.icon_svg),
        "page.js": script(PackageResources.page_js),
        "dom.js": script(PackageResources.dom_js),
        "api.js": script(PackageResources.api_js),
        "parts.js": script(PackageResources.parts_js),
        "state.js": script(PackageResources.state_js),
        "posture.js": script(PackageResources.posture_js),
        "shares.js": script(PackageResources.shares_js),
        "graph.js": script(PackageResources.graph_js),
        "alerts.js": script(PackageResources.alerts_js),
        "findings.js": script(PackageResources.findings_js),
        "image.js": script(PackageResources.image_js),
        "search.js": script(PackageResources.search_js),
    ]
}
