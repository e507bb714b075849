class_name MenuCourse
extends RefCounted
## The sequence to be done: visit the whole tree, use everything, set the settings, save, close, open again.
##
## Which element comes next follows from how things stand, so that a setting spoilt later is asked for again.

## Steps of this episode's sequence, and how many were done.
var total := 0
var done := 0
## The element to use next.
var target: MenuElement
## The menu was opened again and has kept every setting.
var over := false

var _menu: VrMenu


## Count the steps of a freshly filled menu, already open.
func begin(menu: VrMenu) -> void:
	_menu = menu
	done = 0
	over = false
	# Every enabled element of every page; save is switched off as long as there is nothing to save. And the opener.
	total = 2
	for page: MenuPage in menu.pages:
		for element: MenuElement in page.elements:
			total += int(element.is_enabled())
	target = _next()


## After a change in the menu: how many steps were done for the first time.
func take_steps() -> int:
	var before := done
	for page: MenuPage in _menu.pages:
		for element: MenuElement in page.elements:
			_count(element)
	_count(_menu.opener)
	over = _menu.opener.counted
	target = _next()
	return done - before


func _count(element: MenuElement) -> void:
	if not element.counted and _is_done(element):
		element.counted = true
		done += 1


func _is_done(element: MenuElement) -> bool:
	match element.kind:
		MenuElement.Kind.SAVE:
			return element.used and _menu.is_set() and _menu.is_saved()
		MenuElement.Kind.CLOSE:
			return _menu.closed_in_order and done == total - 2
		MenuElement.Kind.OPENER:
			return _menu.open_page != null and _menu.is_set() and done == total - 1
	return element.is_enabled() and element.is_met()


func _next() -> MenuElement:
	var page := _menu.open_page
	if page == null:
		return _menu.opener
	for element: MenuElement in page.elements:
		if element.kind <= MenuElement.Kind.SLIDER and not element.is_met():
			return element
	for element: MenuElement in page.elements:
		if element.kind == MenuElement.Kind.LINK and _has_work(element.leads_to):
			return element
	if page.parent_page != null:
		return _way_out(page, MenuElement.Kind.BACK)
	return _way_out(page, MenuElement.Kind.CLOSE if _menu.is_saved() else MenuElement.Kind.SAVE)


## Something is left to do on a page or behind it.
func _has_work(page: MenuPage) -> bool:
	for element: MenuElement in page.elements:
		var leads_on := element.kind == MenuElement.Kind.LINK and _has_work(element.leads_to)
		if leads_on or not element.is_met() and element.kind != MenuElement.Kind.SAVE:
			return true
	return false


func _way_out(page: MenuPage, kind: MenuElement.Kind) -> MenuElement:
	for element: MenuElement in page.elements:
		if element.kind == kind:
			return element
	return null
