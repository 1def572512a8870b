/** The emoji picker's small own list; loaded when the picker is opened for the first time. */
function split(all: string): string[] {
  return [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(all)].map((one) => one.segment);
}

export const EMOJI: [string, string[]][] = [
  ['Faces', split('😀😃😄😁😅😂🙂😉😊😇🥰😍😘😋😎🤓🤩🥳🤗🤔🫡🙄😐😬😌😴😷🤒😕🙁😮😲😢😭😤😡😱🥺😳🫠')],
  ['Hands and people', split('👍👎👌🤝🙏👏🙌💪✌️🤞👋☝️👇👉👈🫶🙋🤷🤦💁')],
  ['Signs', split('❤️🧡💛💚💙💜🎉🎊🎁🎂🔥⭐✨💯✅❌❗❓⚠️⏳⏰🔔💡🔒🔑')],
  ['Things', split('📦🚚🛒💳💶🧾📄📎📷💻📱🖨️🔧🛠️📧📞🏠🏢✈️🌍☀️🌧️☕🍕')],
];
