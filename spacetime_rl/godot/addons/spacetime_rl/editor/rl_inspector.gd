@tool
extends EditorInspectorPlugin
## Shows the warnings for a node above its properties.
##
## The scene tree shows those of ready-made nodes. A game's own script that extends one of the addon's does not run in
## the editor, and the scene tree shows nothing there.


func _can_handle(object: Object) -> bool:
	return object is Node


func _parse_begin(object: Object) -> void:
	for problem: String in RLSceneCheck.problems_of(object as Node):
		var label := Label.new()
		label.text = "⚠ %s" % problem
		label.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
		label.add_theme_color_override(&"font_color", label.get_theme_color(&"warning_color", &"Editor"))
		add_custom_control(label)
