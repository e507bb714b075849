class_name VrMenu
extends Control
## A menu tree of real controls: pages that open and close, settings that are saved to a file and read back.

## Somebody used an element, or changed a value.
signal changed

const MAX_PAGES := 6
# Buttons, toggles and sliders that a page can need: 3 settings, a switched-off element, 4 links, save and close.
const _POOLS := Vector3i(10, 4, 4)

## Pages of this episode; the first one is the root.
var pages: Array[MenuPage] = []
## The page shown; null while the menu is closed.
var open_page: MenuPage
## What opens the menu while it is closed.
var opener: MenuElement
## The last press was answered by an element.
var responded := false
## The settings were saved with every value as wanted, and the menu was closed since.
var closed_in_order := false

var store := MenuStore.new()

var _all_pages: Array[MenuPage] = []
var _opener_alone: Array[MenuElement] = []


func _init() -> void:
	size = MenuPage.SIZE
	theme = MenuTheme.make()
	var back := Panel.new()
	back.size = MenuPage.SIZE
	back.mouse_filter = Control.MOUSE_FILTER_IGNORE
	add_child(back)
	for i: int in MAX_PAGES:
		var page := MenuPage.new()
		page.build(_POOLS)
		add_child(page)
		_all_pages.append(page)
		for element: MenuElement in page.all_elements():
			_listen(element)
	var button := Button.new()
	button.size = MenuPage.ELEMENT
	add_child(button)
	opener = MenuElement.new(button, null)
	_opener_alone = [opener]
	_listen(opener)


func _exit_tree() -> void:
	store.forget()


## Begin an episode with `count` empty pages; fill them, and `open` the menu.
func clear(count: int) -> void:
	_show(null)
	pages = _all_pages.slice(0, count)
	opener.become(MenuElement.Kind.OPENER, "Menu")
	closed_in_order = false
	store.forget()


## Show the first page, with the settings as they were saved last, or their defaults.
func open() -> void:
	store.load_again()
	for page: MenuPage in pages:
		for element: MenuElement in page.elements:
			if element.is_setting():
				element.set_value(store.read(element))
	opener.control.visible = false
	_refresh_save()
	_show(pages[0])


## The elements that can be seen now: those of the open page, or the opener alone.
func shown() -> Array[MenuElement]:
	return open_page.elements if open_page != null else _opener_alone


## The element seen in a cell; null where there is none.
func shown_in(cell: int) -> MenuElement:
	if open_page != null:
		return open_page.cells[cell]
	return opener if opener.cell == cell else null


## Every setting has its wanted value.
func is_set() -> bool:
	for page: MenuPage in pages:
		for element: MenuElement in page.elements:
			if element.is_setting() and not element.is_met():
				return false
	return true


## Every setting has the value that was saved last.
func is_saved() -> bool:
	for page: MenuPage in pages:
		for element: MenuElement in page.elements:
			if element.is_setting() and not is_equal_approx(element.value(), store.read(element)):
				return false
	return true


func _listen(element: MenuElement) -> void:
	var slider := element.control as MenuSlider
	if slider != null:
		slider.drag_started.connect(func() -> void: responded = true)
		slider.drag_ended.connect(func(_by_hand: bool) -> void: _on_used(element))
		return
	var button := element.control as BaseButton
	button.button_down.connect(func() -> void: responded = true)
	button.pressed.connect(_on_used.bind(element))


func _on_used(element: MenuElement) -> void:
	element.used = true
	match element.kind:
		MenuElement.Kind.LINK:
			_show(element.leads_to)
		MenuElement.Kind.BACK:
			_show(open_page.parent_page)
		MenuElement.Kind.SAVE:
			store.write(pages)
		MenuElement.Kind.CLOSE:
			_close()
		MenuElement.Kind.OPENER:
			open()
	_refresh_save()
	changed.emit()


func _close() -> void:
	closed_in_order = is_set() and is_saved()
	_show(null)
	opener.control.visible = true


func _show(page: MenuPage) -> void:
	if open_page != null:
		open_page.visible = false
	open_page = page
	if page != null:
		page.visible = true
		page.visited = true


## There is something to save as long as a setting differs from what was saved.
func _refresh_save() -> void:
	for element: MenuElement in pages[0].elements:
		if element.kind == MenuElement.Kind.SAVE:
			element.set_enabled(not is_saved())
