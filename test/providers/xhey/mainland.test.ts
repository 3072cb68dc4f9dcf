import assert from 'node:assert/strict';
import { isInMainlandChina } from '../../../src/providers/xhey/mainland';

/** Provincial capitals, then towns, ports of entry and islands along the border and the coast; latitude, longitude. */
const INSIDE = places(`
  Beijing 39.9042 116.407, Tianjin 39.0842 117.201, Shijiazhuang 38.0428 114.515, Taiyuan 37.8706 112.549,
  Hohhot 40.8414 111.752, Shenyang 41.8057 123.431, Changchun 43.8171 125.323, Harbin 45.8038 126.535,
  Shanghai 31.2304 121.474, Nanjing 32.0603 118.797, Hangzhou 30.2741 120.155, Hefei 31.8206 117.227,
  Fuzhou 26.0745 119.296, Nanchang 28.682 115.858, Jinan 36.6512 117.12, Zhengzhou 34.7466 113.625,
  Wuhan 30.5928 114.305, Changsha 28.2282 112.939, Guangzhou 23.1291 113.264, Nanning 22.817 108.367,
  Haikou 20.044 110.2, Chongqing 29.563 106.552, Chengdu 30.5728 104.067, Guiyang 26.647 106.63,
  Kunming 25.0389 102.718, Lhasa 29.652 91.1721, Xi'an 34.3416 108.94, Lanzhou 36.0611 103.834,
  Xining 36.6171 101.778, Yinchuan 38.4872 106.231, Urumqi 43.8256 87.6168, Dongxing 21.547 107.972,
  Pingxiang 22.096 106.766, Friendship-Pass 21.979 106.714, Longbang 22.88 106.33, Malipo 23.125 104.702,
  Hekou 22.529 103.939, Mohan 21.187 101.692, Jinghong 22.009 100.797, Daluo 21.683 100.043, Menglian 22.329 99.584,
  Mengding-Qingshuihe 23.552 98.84, Ruili 24.013 97.852, Jiegao 23.98 97.893, Wanding 24.088 98.068,
  Yingjiang 24.705 97.931, Tengchong 25.02 98.49, Gongshan 27.741 98.666, Zayu 28.661 97.466, Medog 29.325 95.333,
  Cona 27.991 91.956, Yadong 27.485 88.907, Gyirong 28.853 85.296, Zhangmu 27.991 85.982, Burang 30.294 81.177,
  Zanda 31.479 79.803, Rutog 33.382 79.732, Ngari 32.501 80.105, Tashkurgan 37.775 75.228, Kashgar 39.47 75.989,
  Ulugqat 39.716 74.256, Akqi 40.936 78.45, Khorgos 44.214 80.421, Alashankou 45.171 82.569, Tacheng 46.746 82.983,
  Jeminay 47.434 85.874, Burqin 47.702 86.874, Takeshiken 46.189 90.806, Ceke 42.37 101.05,
  Ganqimaodu 42.402 107.586, Erenhot 43.653 111.977, Arxan 47.177 119.943, Manzhouli 49.598 117.379,
  Heishantou 50.21 119.42, Shiwei 51.333 119.9, Mohe-Beiji 53.483 122.36, Huma 51.726 126.652, Heihe 50.245 127.528,
  Xunke 49.564 128.461, Jiayin 48.889 130.403, Luobei 47.577 130.828, Tongjiang 47.642 132.511,
  Fuyuan 48.362 134.295, Raohe 46.798 134.013, Hulin 45.762 132.937, Mishan-Dangbi 45.266 132.05,
  Suifenhe 44.412 131.151, Dongning 44.087 131.122, Hunchun 42.863 130.366, Fangchuan 42.43 130.595,
  Tumen 42.968 129.843, Nanping 42.275 129.2, Changbai 41.42 128.2, Ji'an 41.126 126.186, Dandong 40.124 124.385,
  Donggang 39.863 124.152, Dalu-Island 39.75 123.737, Dalian 38.914 121.615, Haiyang-Island 39.067 123.16,
  Chengshantou 37.39 122.69, Qingdao 36.0671 120.383, Lianyungang 34.766 119.45, Chongming 31.623 121.397,
  Shengsi 30.725 122.451, Shengshan 30.72 122.81, Zhoushan 29.985 122.207, Dongfushan 30.14 122.76,
  Dachen 28.46 121.89, Dongtou 27.836 121.157, Nanji 27.46 121.07, Sansha-Xiapu 26.925 120.22,
  Xiyang-Island 26.51 120.04, Huangqi 26.33 119.88, Langqi 26.1 119.6, Meihua 26.027 119.683, Pingtan 25.503 119.791,
  Nanri 25.21 119.5, Meizhou 25.085 119.13, Quanzhou 24.874 118.676, Weitou 24.52 118.57, Dadeng 24.56 118.328,
  Xiamen 24.4798 118.089, Xiamen-Huandao 24.435 118.164, Xiamen-Xiang'an 24.618 118.248, Gulangyu 24.447 118.064,
  Zhangzhou-Gangwei 24.33 118.1, Wuyu 24.336 118.14, Dongshan 23.701 117.43, Nan'ao 23.421 117.023,
  Luohu 22.548 114.131, Luohu-Port 22.5325 114.113, Futian-Port 22.519 114.064, Futian 22.543 114.057,
  Huanggang 22.524 114.071, Wenjindu 22.543 114.127, Liantang 22.562 114.16, Shatoujiao 22.555 114.233,
  Yantian 22.569 114.277, Dameisha 22.596 114.305, Kuichong 22.637 114.414, Dapeng 22.594 114.477,
  Nan'ao-Shenzhen 22.534 114.485, Xichong 22.48 114.54, Shekou 22.485 113.912, Shenzhen-Bay-Port 22.504 113.944,
  Dachan 22.51 113.845, Neilingding 22.41 113.803, Guishan 22.14 113.82, Wailingding 22.107 114.03,
  Dong'ao 22.02 113.705, Dangan 22.045 114.27, Zhuhai 22.2707 113.577, Gongbei 22.222 113.548,
  Gongbei-Port 22.2172 113.549, Wanzai 22.203 113.528, Hengqin 22.128 113.523, Hengqin-Port 22.141 113.542,
  Zhuhai-HZMB-Port 22.215 113.574, Shangchuan 21.683 112.78, Yangjiang-Hailing 21.63 111.9, Zhanjiang 21.271 110.359,
  Xuwen 20.326 110.176, Weizhou 21.04 109.115, Beihai 21.481 109.12, Sanya 18.2528 109.512, Dongfang 19.096 108.653,
  Wenchang-Qizhou 19.98 111.27, Yongxing 16.834 112.339, Aihui 49.978 127.49, Heihe-Airport 50.1716 127.309,
  Nongdao 23.93 97.68, Zhangfeng 24.184 97.796, Houqiao 25.33 98.27, Pianma 26.01 98.62, Nansan 23.775 98.825,
  Cangyuan 23.15 99.245, Meng'a 22.18 99.28, Mengla 21.46 101.56, Tianbao 22.97 104.83, Jinping 22.78 103.23,
  Shuikou 22.47 106.59, Longzhou 22.34 106.85, Aidian 21.83 107.05, Dongzhong 21.66 107.56,
  Gyirong-Port 28.285 85.38, Qomolangma-Base 28.14 86.85, Chentang 27.87 87.42, Khunjerab 36.855 75.43,
  Karasu 37.87 75, Irkeshtam-Port 39.71 74, Torugart-Port 40.5 75.42, Dulata 43.67 80.72, Bakhtu 46.69 82.83,
  Kanas 48.7 87.02, Hemu 48.57 87.44, Lianyin 53.35 123.85, Heixiazi 48.35 134.6, Hutou 45.98 133.67,
  Quanhe 42.58 130.47, Kaishantun 42.7 129.72, Linjiang 41.812 126.915, Hushan 40.225 124.51, Langtou 40.03 124.335,
  Guomenwan 40.01 124.345, Gamba 28.2766 88.5187
`);

/** Their neighbours, and cities around. */
const OUTSIDE = places(`
  Hong Kong Central 22.2819 114.158, Kowloon 22.3193 114.169, Lo Wu 22.5283 114.113, Lok Ma Chau 22.5148 114.066,
  Man Kam To 22.535 114.129, Heung Yuen Wai 22.552 114.155, Sha Tau Kok-HK 22.544 114.223, Kat O 22.538 114.3,
  Tung Ping Chau 22.543 114.434, Lau Fau Shan 22.469 113.984, Tuen Mun 22.391 113.974,
  Hong Kong Airport 22.308 113.918, Tai O 22.254 113.862, Fan Lau 22.197 113.846, Cheung Chau 22.208 114.029,
  Po Toi 22.168 114.265, Sai Kung 22.381 114.274, Macao 22.1987 113.544, Portas-do-Cerco 22.2135 113.549,
  Ilha Verde 22.21 113.537, Inner Harbour 22.197 113.538, Taipa 22.156 113.558, Macao Airport 22.1496 113.593,
  Cotai 22.143 113.561, Coloane-village 22.118 113.551, University of Macau 22.129 113.546, Jincheng 24.433 118.317,
  Lieyu 24.432 118.244, Dadan 24.391 118.174, Kinmen-Shamei 24.49 118.415, Kinmen-Mashan 24.527 118.403,
  Nangan 26.16 119.933, Beigan 26.223 120, Gaodeng 26.28 119.98, Dongyin 26.368 120.492, Xiju 25.97 119.94,
  Wuqiu 24.99 119.452, Penghu 23.571 119.579, Taipei 25.033 121.565, Kaohsiung 22.6273 120.301,
  Taichung 24.1477 120.674, Dongsha 20.705 116.72, Hanoi 21.0278 105.834, Mong Cai 21.524 107.966,
  Co To 20.972 107.765, Bach Long Vi 20.133 107.727, Dong Dang 21.943 106.7, Lang Son 21.853 106.761,
  Cao Bang 22.666 106.258, Ta Lung 22.4979 106.567, Ha Giang 22.823 104.984, Dong Van 23.278 105.362,
  Lao Cai 22.4856 103.971, Dien Bien Phu 21.386 103.017, Boten 21.183 101.676, Vientiane 17.9757 102.633,
  Phongsali 21.683 102.105, Luang Namtha 20.95 101.4, Mong La 21.66 100.03, Panghsang 22.166 99.178,
  Laukkai 23.692 98.765, Muse 23.977 97.904, Namhkam 23.83 97.68, Laiza 24.761 97.562, Kambaiti 25.39 98.12,
  Myitkyina 25.383 97.396, Putao 27.33 97.4, Tawang 27.586 91.869, Itanagar 27.084 93.605, Walong 28.128 97.02,
  Tuting 28.99 94.9, Thimphu 27.4728 89.639, Paro 27.43 89.41, Gangtok 27.3389 88.6065, Kathmandu 27.7172 85.324,
  Kodari 27.9606 85.9567, Rasuwagadhi 28.27 85.37, Namche Bazaar 27.806 86.714, Simikot 29.97 81.818,
  Dharchula 29.85 80.53, Leh 34.1526 77.5771, Demchok 32.7 79.45, Gilgit 35.92 74.308, Sost 36.69 74.82,
  Islamabad 33.6844 73.0479, Murghab 38.17 73.966, Karakul 39.012 73.553, Sary-Tash 39.73 73.25, Naryn 41.428 75.991,
  Bishkek 42.8746 74.5698, Almaty 43.2389 76.8897, Zharkent 44.165 80.005, Khorgos-KZ 44.21 80.37,
  Dostyk 45.255 82.483, Bakhty 46.67 82.73, Zaysan 47.467 84.872, Kosh-Agach 49.995 88.67, Bulgan-MN 46.09 91.54,
  Khovd 48.005 91.642, Dalanzadgad 43.57 104.425, Ulaanbaatar 47.8864 106.906, Zamyn-Uud 43.71 111.905,
  Choibalsan 48.078 114.535, Zabaikalsk 49.651 117.327, Priargunsk 50.362 119.1, Olochi 51.37 119.885,
  Dzhalinda 53.47 123.92, Ignashino 53.469 122.4, Blagoveshchensk 50.261 127.527, Poyarkovo 49.62 128.68,
  Pashkovo 48.889 130.666, Amurzet 47.695 131.1, Nizhneleninskoye 47.957 132.61, Khabarovsk 48.4802 135.072,
  Bikin 46.818 134.255, Dalnerechensk 45.931 133.731, Turiy Rog 45.238 131.97, Pogranichny 44.408 131.383,
  Poltavka 44.03 131.31, Kraskino 42.709 130.782, Khasan 42.429 130.645, Vladivostok 43.1155 131.886,
  Rason-Tumangang 42.418 130.613, Namyang 42.95 129.86, Hoeryong 42.44 129.75, Musan 42.226 129.208,
  Hyesan 41.4017 128.178, Chunggang 41.78 126.88, Manpo 41.156 126.29, Sinuiju 40.1006 124.398, Uiju 40.2 124.532,
  Ryongampo 39.935 124.37, Pyongyang 39.0392 125.763, Baengnyeong 37.96 124.67, Seoul 37.5665 126.978,
  Jeju 33.4996 126.531, Gageodo 34.07 125.12, Fukuoka 33.5904 130.402, Naha 26.2124 127.681, Yonaguni 24.464 123,
  Ishigaki 24.34 124.156, Manila 14.5995 120.984, Da Nang 16.0544 108.202, Singapore 1.3521 103.82,
  Delhi 28.6139 77.209, Lweje 24.2 97.72, Chigiri 50.33 127.48, Sinuiju-Airport 40.05 124.42,
  Hwanggumpyong 39.95 124.3, Chosan 40.83 125.8, Torugart-KG 40.57 75.35, Kolzhat 43.49 80.66,
  Maykapchagay 47.48 85.2, Krasnokamensk 50.1 118.03, Daurija 49.93 116.85, Bach-Phong-Sinh 21.65 107.8,
  Binh-Lieu 21.53 107.4, Mường-Khương 22.77 104.11, Meo-Vac 23.16 105.41, Tra-Linh 22.83 106.32,
  Phong-Tho 22.53 103.35, Ou-Nua 22.3 101.85
`);

function places(text: string): [name: string, lat: number, lng: number][] {
  return text.split(',').map((place) => {
    const words = place.trim().split(/\s+/);
    return [words.slice(0, -2).join(' '), Number(words.at(-2)), Number(words.at(-1))];
  });
}

describe('mainland China', () => {
  it('is asked about places that can be read', () => {
    assert.ok(INSIDE.length > 150 && OUTSIDE.length > 150);
    for (const [name, lat, lng] of [...INSIDE, ...OUTSIDE]) {
      assert.ok(name !== '' && Number.isFinite(lat + lng), `${name} ${lat} ${lng}`);
    }
  });

  for (const [name, lat, lng] of INSIDE) {
    it(`has ${name}`, () => assert.equal(isInMainlandChina(lat, lng), true));
  }
  for (const [name, lat, lng] of OUTSIDE) {
    it(`has not ${name}`, () => assert.equal(isInMainlandChina(lat, lng), false));
  }

  it('has as many places of a grid as when its lines were drawn: no corner has moved', () => {
    let inside = 0;
    for (let lat = 15.1; lat < 54; lat += 0.25)
      for (let lng = 73.1; lng < 135; lng += 0.25) if (isInMainlandChina(lat, lng)) inside++;
    assert.equal(inside, 16_113);
  });

  it('has nothing at the ends of the earth', () => {
    for (const [lat, lng] of [
      [0, 0],
      [90, 180],
      [-90, -180],
      [35, -105],
      [-35, 105],
    ] as const) {
      assert.equal(isInMainlandChina(lat, lng), false, `${lat},${lng}`);
    }
  });
});
