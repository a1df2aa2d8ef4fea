pragma Singleton
import QtQuick

// Sizes of what is only read. Where a page is too full in large type its words go back towards their normal size, so
// that cards keep their full width; only below that would they be smaller than in normal type.
QtObject {
    id: fit

    property real part: 1
    readonly property real least: 0.7 / Theme.growth
    readonly property int plain: Math.round(Theme.body / Theme.growth)
    readonly property int plainLabel: Math.round(Theme.label / Theme.growth)
    readonly property int plainService: Math.round(Theme.service / Theme.growthCapped)
    readonly property int plainSmall: Math.round(Theme.small / Theme.growthCapped)
    readonly property int body: size(Theme.body, Theme.growth)
    readonly property int label: size(Theme.label, Theme.growth)
    readonly property int subtitle: size(Theme.subtitle, Theme.growth)
    readonly property int title: size(Theme.title, Theme.growth)
    readonly property int service: size(Theme.service, Theme.growthCapped)
    readonly property int amount: size(Theme.amount, Theme.growthCapped)

    function size(full: int, growth: real): int {
        const plain = Math.round(full / growth)
        return Math.max(Math.round(full * part), Math.round(plain * Math.min(1, part * Theme.growth)))
    }

    // In normal size first, then in whole hundredths of it, so that large type falls on the steps of normal type.
    function step(of: real, factor: real): real {
        return of > 1 && of * factor < 1 ? 1 : Math.floor(of * factor * 100) / 100
    }

    // `ratio` is what the page needs of what it has. One step: the page says again what it needs after it.
    function ease(ratio: real) {
        if (ratio <= 1.002)
            return
        const before = [body, service]
        const factor = Math.min(part * Theme.growth > 1 ? 0.92 : 0.98, Math.max(0.8, 1 / Math.sqrt(ratio)))
        // A step that no pixel shows would be the last: nothing on the page changes after it.
        while (part > least && (body === before[0] || (part * Theme.growth < 1 && service === before[1])))
            part = Math.max(least, step(part * Theme.growth, factor) / Theme.growth)
    }
}
