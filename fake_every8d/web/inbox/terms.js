/** The platform's own words for each status (發送狀態): as they are, in any language. */
const CARRIER = "電信終端設備異常未能送達";

/** @type {Record<number, string>} */
const TERMS = {
  [-8]: "無效門號",
  [-4]: "DT 格式錯誤或預計發送時間已過去 24 小時以上",
  [-3]: "無效門號",
  0: "已發送",
  100: "發送成功",
  101: "手機端因素未能送達",
  102: CARRIER,
  103: "無此手機號碼",
  104: CARRIER,
  105: CARRIER,
  106: CARRIER,
  107: "逾時收訊",
  300: "預約簡訊",
  301: "無額度(或額度不足)無法發送",
  303: "取消簡訊",
  500: "未開通國際簡訊，無法發送國際簡訊",
  888: "測試模式簡訊",
  999: "代表此呼叫為回覆簡訊之內容",
};

/** What later editions of the platform's documents call otherwise. @type {Record<string, Record<number, string>>} */
const LATER = {
  2021: { 104: "電信黑名單", 105: "手機端異常", 106: "不明錯誤" },
  2025: { 104: "電信黑名單", 105: "電信業者關鍵字阻擋", 106: "系統關鍵字阻擋" },
};

/**
 * The word of an edition.
 * @param {number} status
 * @param {string} edition
 */
export const termOf = (status, edition) => LATER[edition]?.[status] ?? TERMS[status];
