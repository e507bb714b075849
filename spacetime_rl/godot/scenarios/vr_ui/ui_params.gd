class_name UiParams
extends RLParams
## Every number of vr_ui that a run may override as `scenario.params.<name>`.

## Pages of the menu tree, the first one included.
@export_range(1, 6) var pages: int = 5
## Levels of the tree: 1 is the first page alone, 3 are submenus of submenus.
@export_range(1, 3) var depth: int = 3
## Buttons, toggles and sliders on every page, apart from those that lead elsewhere.
@export_range(1, 3) var settings: int = 2
## Elements on every page that are switched off: pressing them does nothing.
@export_range(0, 1) var decoys: int = 1
## Game time after which an episode is truncated, in seconds.
@export_range(1.0, 300.0) var time_limit_s: float = 45.0

## Top speed at which a hand turns its ray, in degrees a second.
@export_range(1.0, 360.0) var pointing_speed_deg: float = 90.0
## Share of that speed left while the grip is closed, for a steady hand.
@export_range(0.05, 1.0) var steady_share: float = 0.25
## What drags a slider: "trigger", and the grip steadies both hands; or "grip", as in the guide, and nothing steadies.
## The trigger then presses everything but sliders, and the grip of the acting hand drags.
@export_enum("trigger", "grip") var drag_by: String = "trigger"
## How near to the wanted value a slider has to be let go, as a share of its length.
@export_range(0.01, 0.5) var slider_tolerance: float = 0.08
## Nearest panel, in metres from the player.
@export_range(0.5, 5.0) var panel_near_m: float = 1.1
## Farthest panel, in metres from the player.
@export_range(0.5, 5.0) var panel_far_m: float = 1.7

## A step of the sequence done for the first time: a submenu opened or left, a button or toggle used, a slider set, the
## settings saved, the menu closed. A step undone and done again pays nothing.
@export var reward_step: float = 1.0
## The whole sequence is done: the menu was opened again and has kept every setting.
@export var reward_sequence: float = 5.0
## The trigger was pulled on something that did not respond: a switched-off element, a label, the panel, the air.
@export var reward_miss: float = -2.0
## A radian that the nearer hand's ray comes nearer to the next element, or drags a slider nearer to its value; a radian
## away takes it back, also where something was spoilt in between.
@export var reward_progress: float = 2.0

## A bug to plant on purpose, by the name of its file in the folder `bugs`; "none" plants none.
@export var bug: String = "none"


func _check() -> PackedStringArray:
	var problems: PackedStringArray = []
	if panel_near_m > panel_far_m:
		problems.append("panel_near_m: %s is beyond panel_far_m, %s" % [panel_near_m, panel_far_m])
	var room: int = [1, 1 + MenuPlan.LINKS_ON_FIRST, VrMenu.MAX_PAGES][depth - 1]
	if pages > room:
		problems.append("pages: a tree of depth %d holds at most %d pages, found %d" % [depth, room, pages])
	return problems
