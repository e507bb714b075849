class_name MenuElement
extends RefCounted
## One button, toggle or slider of the menu: what it is there for in this episode, and whether that is done.

enum Kind { ACTION, TOGGLE, SLIDER, LINK, BACK, SAVE, CLOSE, OPENER }

## The control that a person would press: a Button, a CheckButton or a MenuSlider.
var control: Control
## The page it stands on; null for the opener of a closed menu.
var page: MenuPage
var kind := Kind.ACTION
## Place in its page's grid.
var cell := 0
## Title; sliders have it in a label of their own.
var title := ""
## The page that a LINK opens.
var leads_to: MenuPage
## Value of a TOGGLE or SLIDER when the episode begins, 0 to 1, and the one it has to get.
var default_value := 0.0
var wanted := 0.0
## How near to `wanted` is near enough.
var tolerance := 0.0
## It has done what it is there for, at least once.
var used := false
## Its step of the sequence has been counted.
var counted := false

var _toggle: BaseButton
var _slider: MenuSlider


func _init(of_control: Control, on_page: MenuPage) -> void:
	control = of_control
	page = on_page
	_toggle = control as BaseButton
	_slider = control as MenuSlider
	# A window has one keyboard focus, and a press is dropped with it: menus of other arenas would take it away.
	control.focus_mode = Control.FOCUS_NONE


## Become something for an episode: enabled, unused.
func become(what: Kind, called: String) -> void:
	kind = what
	title = called
	used = false
	counted = false
	leads_to = null
	default_value = 0.0
	wanted = 0.0
	set_enabled(true)
	if _slider != null:
		_slider.name_it(called)
	else:
		control.set(&"text", called)
	set_value(0.0)


## A setting keeps a value and is saved.
func is_setting() -> bool:
	return kind == Kind.TOGGLE or kind == Kind.SLIDER


func is_enabled() -> bool:
	return _slider.editable if _slider != null else not _toggle.disabled


func set_enabled(enabled: bool) -> void:
	if _slider != null:
		_slider.editable = enabled
	else:
		_toggle.disabled = not enabled


## Value of a setting, 0 to 1; 0 for everything else.
func value() -> float:
	if kind == Kind.SLIDER:
		return _slider.value
	return float(_toggle.button_pressed) if kind == Kind.TOGGLE else 0.0


## Change the value without anybody having pressed anything.
func set_value(to: float) -> void:
	if _slider != null:
		_slider.set_value_no_signal(to)
		_slider.stop()
	else:
		_toggle.set_pressed_no_signal(to > 0.5)


## A hand holds the slider.
func is_dragged() -> bool:
	return kind == Kind.SLIDER and _slider.dragged


## A setting has its wanted value, anything else was used; what is switched off needs nothing.
func is_met() -> bool:
	if not is_enabled():
		return true
	if is_setting():
		return absf(value() - wanted) <= tolerance and not is_dragged()
	return used


## What to do with it, for a person.
func describe() -> String:
	if kind == Kind.SLIDER:
		return "%s: drag to %d" % [title, roundi(100.0 * wanted)]
	if kind == Kind.TOGGLE:
		return "%s: turn %s" % [title, "on" if wanted > 0.5 else "off"]
	return "press: %s" % title


## Where to point, in pixels of the panel: at the handle of a slider, at the wanted value while it is dragged.
func point() -> Vector2:
	if kind == Kind.SLIDER:
		return wanted_point() if _slider.dragged else _slider.position + _slider.handle_at(_slider.value)
	return control.position + 0.5 * control.size


## Where the handle of a slider has to be dragged to, in pixels of the panel.
func wanted_point() -> Vector2:
	return _slider.position + _slider.handle_at(wanted)


## Whether pressing at these pixels would press it.
func is_under(pixels: Vector2) -> bool:
	if kind == Kind.SLIDER:
		return _slider.is_on_handle(pixels - _slider.position)
	return Rect2(control.position, control.size).has_point(pixels)
