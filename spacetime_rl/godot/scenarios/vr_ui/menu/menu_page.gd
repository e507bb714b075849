class_name MenuPage
extends Control
## One page of the menu: a title over a grid of cells, and controls enough for every episode, made once.

const COLUMNS := 2
const ROWS := 5
const CELLS := COLUMNS * ROWS
## Pixels of the panel, of its title row and of what stands in a cell.
const SIZE := Vector2(800.0, 600.0)
const TITLE_HEIGHT := 75.0
const ELEMENT := Vector2(330.0, 76.0)
const SLIDER := Vector2(330.0, 60.0)

## What stands on the page in this episode, by cell; null where a cell is empty.
var cells: Array[MenuElement] = []
## The same without the gaps, in the order in which they were added.
var elements: Array[MenuElement] = []
## The page that leads here; null for the first one.
var parent_page: MenuPage
## Pages between this one and the first, which is 1.
var depth := 1
## Pages that it leads to.
var links := 0
## It has been open.
var visited := false

var _title := Label.new()
var _buttons: Array[MenuElement] = []
var _toggles: Array[MenuElement] = []
var _sliders: Array[MenuElement] = []
var _taken := Vector3i.ZERO


## Make the controls. `pools` says how many buttons, toggles and sliders.
func build(pools: Vector3i) -> void:
	size = SIZE
	mouse_filter = Control.MOUSE_FILTER_IGNORE
	visible = false
	cells.resize(CELLS)
	_title.position = Vector2(30.0, 16.0)
	_title.mouse_filter = Control.MOUSE_FILTER_IGNORE
	add_child(_title)
	for i: int in pools.x:
		_buttons.append(_make(Button.new()))
	for i: int in pools.y:
		_toggles.append(_make(CheckButton.new()))
	for i: int in pools.z:
		_sliders.append(_make(MenuSlider.new()))


## Everything that may ever stand on the page.
func all_elements() -> Array[MenuElement]:
	return _buttons + _toggles + _sliders


## Take everything off the page for a new episode.
func clear(called: String) -> void:
	_title.text = called
	for element: MenuElement in elements:
		element.control.visible = false
	elements.clear()
	cells.fill(null)
	_taken = Vector3i.ZERO
	parent_page = null
	depth = 1
	links = 0
	visited = false


## Put something into a cell, `shift` pixels off its middle.
func add(kind: MenuElement.Kind, called: String, cell: int, shift: Vector2) -> MenuElement:
	var element := _take(kind)
	element.become(kind, called)
	element.cell = cell
	cells[cell] = element
	elements.append(element)
	var middle := middle_of(cell) + shift
	if kind == MenuElement.Kind.SLIDER:
		# Its caption stands above it.
		element.control.position = middle - Vector2(0.5 * SLIDER.x, 0.5 * SLIDER.y - 18.0)
	else:
		element.control.position = middle - 0.5 * ELEMENT
	element.control.visible = true
	return element


## What stands above the page.
func title() -> String:
	return _title.text


## Pixels of the middle of a cell.
static func middle_of(cell: int) -> Vector2:
	var room := Vector2(SIZE.x / COLUMNS, (SIZE.y - TITLE_HEIGHT) / ROWS)
	var place := Vector2(cell % COLUMNS, floorf(float(cell) / COLUMNS))
	return Vector2(0.0, TITLE_HEIGHT) + (place + Vector2(0.5, 0.5)) * room


func _take(kind: MenuElement.Kind) -> MenuElement:
	if kind == MenuElement.Kind.TOGGLE:
		_taken.y += 1
		return _toggles[_taken.y - 1]
	if kind == MenuElement.Kind.SLIDER:
		_taken.z += 1
		return _sliders[_taken.z - 1]
	_taken.x += 1
	return _buttons[_taken.x - 1]


func _make(control: Control) -> MenuElement:
	control.visible = false
	control.size = SLIDER if control is MenuSlider else ELEMENT
	add_child(control)
	return MenuElement.new(control, self)
