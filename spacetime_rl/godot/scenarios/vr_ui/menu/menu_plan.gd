class_name MenuPlan
## Fills a menu for an episode: its tree, names, places, defaults and wanted values, all drawn from the generator.

## Submenus that the first page may lead to, and any other page.
const LINKS_ON_FIRST := 4
const LINKS_ELSEWHERE := 2
## A wanted slider value is at least this far from the default.
const LEAST_DRAG := 0.25
## Pixels by which an element may be off the middle of its cell.
const SHIFT := Vector2(30.0, 9.0)

const _SETTINGS := "Brightness,Contrast,Music,Voices,Vignette,Snap turn,Height,Seated,Subtitles,Text size,Vibration"
const _MORE_SETTINGS := "Left-handed,Fog,Glow,Shadows,Crowd,Weather,Echo,Speed,Reach,Fade,Hints,Chat,Captions"
const _ACTIONS := "Recentre,Test sound,Wave,Scan room,Calibrate,Photo,Rest,Preview,Undo,Sync"
const _MORE_ACTIONS := "Ping,Clean up,Tutorial,Credits,Who is here,Mirror,Share,Refresh,Record,Measure"
const _SUBMENUS := "Display,Sound,Comfort,Controls,World,Access,Profile,Network"


## Draw everything anew. The menu is left closed.
static func fill(menu: VrMenu, rng: RandomNumberGenerator, settings: UiParams) -> void:
	menu.clear(settings.pages)
	var titles := _words(_SUBMENUS, rng)
	for number: int in menu.pages.size():
		menu.pages[number].clear("Menu" if number == 0 else titles[number])
		if number > 0:
			_hang(menu.pages[number], menu.pages.slice(0, number), rng, settings.depth)
	var names := _words("%s,%s" % [_SETTINGS, _MORE_SETTINGS], rng)
	var actions := _words("%s,%s" % [_ACTIONS, _MORE_ACTIONS], rng)
	for page: MenuPage in menu.pages:
		var cells := _shuffled_cells(rng)
		for i: int in settings.settings:
			# The first page always has something to save.
			var kind := MenuElement.Kind.SLIDER if i == 0 and page.depth == 1 else _any_setting(rng)
			_add_setting(page, cells, rng, kind, actions if kind == MenuElement.Kind.ACTION else names, settings)
		for i: int in settings.decoys:
			_add(page, cells, rng, _any_setting(rng), names.pop_back() as String).set_enabled(false)
		_add_ways(menu, page, cells, rng)
	menu.opener.cell = rng.randi_range(0, MenuPage.CELLS - 1)
	menu.opener.control.position = MenuPage.middle_of(menu.opener.cell) - 0.5 * MenuPage.ELEMENT


## Give a page a parent among those before it.
static func _hang(page: MenuPage, before: Array[MenuPage], rng: RandomNumberGenerator, levels: int) -> void:
	var free: Array[MenuPage] = []
	for other: MenuPage in before:
		if other.depth < levels and other.links < (LINKS_ON_FIRST if other.depth == 1 else LINKS_ELSEWHERE):
			free.append(other)
	page.parent_page = free[rng.randi_range(0, free.size() - 1)]
	page.parent_page.links += 1
	page.depth = page.parent_page.depth + 1


## What leads away from a page.
static func _add_ways(menu: VrMenu, page: MenuPage, cells: Array[int], rng: RandomNumberGenerator) -> void:
	for other: MenuPage in menu.pages:
		if other.parent_page == page:
			_add(page, cells, rng, MenuElement.Kind.LINK, "%s >" % other.title()).leads_to = other
	if page.depth > 1:
		_add(page, cells, rng, MenuElement.Kind.BACK, "< Back")
		return
	_add(page, cells, rng, MenuElement.Kind.SAVE, "Save")
	_add(page, cells, rng, MenuElement.Kind.CLOSE, "Close")


static func _add_setting(
	page: MenuPage,
	cells: Array[int],
	rng: RandomNumberGenerator,
	kind: MenuElement.Kind,
	names: Array[String],
	settings: UiParams
) -> void:
	var element := _add(page, cells, rng, kind, names.pop_back() as String)
	if kind == MenuElement.Kind.TOGGLE:
		element.default_value = float(rng.randi_range(0, 1))
		element.wanted = 1.0 - element.default_value
	elif kind == MenuElement.Kind.SLIDER:
		element.default_value = 0.01 * rng.randi_range(0, 100)
		element.wanted = element.default_value
		while absf(element.wanted - element.default_value) < LEAST_DRAG:
			element.wanted = 0.01 * rng.randi_range(0, 100)
		element.tolerance = settings.slider_tolerance


static func _add(
	page: MenuPage, cells: Array[int], rng: RandomNumberGenerator, kind: MenuElement.Kind, title: String
) -> MenuElement:
	var shift := Vector2(rng.randf_range(-SHIFT.x, SHIFT.x), rng.randf_range(-SHIFT.y, SHIFT.y))
	# Whole pixels: a control keeps its edges, and its size would drift by rounding from episode to episode.
	return page.add(kind, title, cells.pop_back() as int, shift.round())


static func _any_setting(rng: RandomNumberGenerator) -> MenuElement.Kind:
	return rng.randi_range(MenuElement.Kind.ACTION, MenuElement.Kind.SLIDER) as MenuElement.Kind


static func _shuffled_cells(rng: RandomNumberGenerator) -> Array[int]:
	var cells: Array[int] = []
	for cell: int in MenuPage.CELLS:
		cells.insert(rng.randi_range(0, cell), cell)
	return cells


static func _words(comma_separated: String, rng: RandomNumberGenerator) -> Array[String]:
	var words: Array[String] = []
	for word: String in comma_separated.split(","):
		words.insert(rng.randi_range(0, words.size()), word)
	return words
